// A tiny server that answers as S3 does and can misbehave at every step; objects live in memory.

import { createHash } from "node:crypto";
import { type RawConnection, type RawRequest, serveRaw } from "../raw_http.ts";

/** An object that it holds. */
export interface HeldObject {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly modifiedMs: number;
}

/**
 * What it does in place of the right answer: an error status; `reset` before it answers; `silence`;
 * `cutBody` and `stallBody` in the middle of what was asked for; `lose` half of what was sent, and
 * say nothing of it; `foreignTag`, an ETag that is no MD5; `html`, as a proxy answers.
 */
export type Fault =
  | { readonly status: number; readonly code: string }
  | "reset"
  | "silence"
  | "cutBody"
  | "stallBody"
  | "lose"
  | "foreignTag"
  | "html";

/** A stand-in that runs. */
export interface S3StandIn {
  readonly endpoint: string;
  /** By `/bucket/key`. */
  readonly objects: Map<string, HeldObject>;
  /** `METHOD /bucket/key`, in order. */
  readonly seen: string[];
  /** Access keys of the requests, in order. */
  readonly signers: string[];
  close(): Promise<void>;
}

/** What decides about faults. */
export interface StandInOptions {
  /** For each request, counted from 1; undefined: answers as it should. */
  readonly faultOf?: (request: RawRequest, count: number) => Fault | undefined;
  /** Access keys that it takes. @default every one */
  readonly accepts?: (accessKeyId: string) => Fault | undefined;
  /** Keys of one page of a listing. @default {1000} */
  readonly pageKeys?: number;
}

/** Starts the server on a free loopback port. */
export function startS3StandIn(options: StandInOptions = {}): S3StandIn {
  const objects = new Map<string, HeldObject>();
  const seen: string[] = [];
  const signers: string[] = [];
  const server = serveRaw(async (connection) => {
    const request = await connection.read();
    if (request === undefined) return;
    const path = decodeURIComponent(request.target.split("?")[0]!);
    seen.push(`${request.method} ${path}`);
    const signer = /Credential=([^/]+)/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    signers.push(signer);
    const fault = options.faultOf?.(request, seen.length) ?? options.accepts?.(signer);
    await answer(connection, { request, path, fault, objects, pageKeys: options.pageKeys ?? 1000 });
  });
  return {
    endpoint: server.origin,
    objects,
    seen,
    signers,
    close: () => server.close(),
  };
}

interface Asked {
  readonly request: RawRequest;
  readonly path: string;
  readonly fault: Fault | undefined;
  readonly objects: Map<string, HeldObject>;
  readonly pageKeys: number;
}

async function answer(connection: RawConnection, asked: Asked): Promise<void> {
  const { request, path, fault, objects } = asked;
  const isHead = request.method === "HEAD";
  if (fault === "reset") return;
  if (fault === "silence") {
    await connection.read();
    return;
  }
  if (fault === "html") {
    const body = "<html><body>Bad gateway</body></html>";
    await connection.respond({ status: 502, headers: { "content-type": "text/html" }, body });
    return;
  }
  if (typeof fault === "object") return await refuse(connection, { ...fault, isHead });
  const held = objects.get(path);
  switch (request.method) {
    case "PUT": {
      const bytes = fault === "lose"
        ? request.body.slice(0, request.body.length / 2)
        : request.body;
      objects.set(path, { bytes, modifiedMs: Date.now() });
      const tag = fault === "foreignTag" ? "f".repeat(32) : md5(bytes);
      return await connection.respond({ status: 200, headers: { etag: `"${tag}"` } });
    }
    case "DELETE":
      objects.delete(path);
      return await connection.respond({ status: 204 });
    case "HEAD":
      if (held === undefined) return await refuse(connection, { status: 404, code: "", isHead });
      return await connection.write(
        `HTTP/1.1 200 OK\r\ncontent-length: ${held.bytes.length}\r\n` +
          `etag: "${md5(held.bytes)}"\r\n\r\n`,
      );
    default:
      if (request.target.includes("list-type=2")) {
        return await connection.respond({
          status: 200,
          headers: { "content-type": "application/xml" },
          body: listing(asked),
        });
      }
      if (held === undefined) {
        return await refuse(connection, { status: 404, code: "NoSuchKey", isHead });
      }
      if (fault !== "cutBody" && fault !== "stallBody") {
        return await connection.respond({ status: 200, body: held.bytes });
      }
      await connection.write(`HTTP/1.1 200 OK\r\ncontent-length: ${held.bytes.length}\r\n\r\n`);
      await connection.socket.write(held.bytes.subarray(0, held.bytes.length / 2));
      if (fault === "stallBody") await connection.read();
  }
}

async function refuse(
  connection: RawConnection,
  of: { readonly status: number; readonly code: string; readonly isHead: boolean },
): Promise<void> {
  const body = of.isHead ? "" : '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<Error><Code>${of.code}</Code><Message>The server says ${of.code}</Message></Error>`;
  await connection.respond({
    status: of.status,
    headers: { "content-type": "application/xml" },
    body,
  });
}

function listing(asked: Asked): string {
  const query = new URLSearchParams(asked.request.target.split("?")[1]);
  const bucket = asked.path.replace(/\/$/, "");
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? "";
  const keys = [...asked.objects.keys()]
    .filter((path) => path.startsWith(`${bucket}/${prefix}`))
    .map((path) => path.slice(bucket.length + 1))
    .filter((key) => key > after)
    .sort();
  const page = keys.slice(0, asked.pageKeys);
  const rows = page.map((key) => {
    const { bytes, modifiedMs } = asked.objects.get(`${bucket}/${key}`)!;
    return `<Contents><Key>${key}</Key><Size>${bytes.length}</Size>` +
      `<LastModified>${new Date(modifiedMs).toISOString()}</LastModified></Contents>`;
  });
  const isCut = page.length < keys.length;
  return '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult>' +
    `<IsTruncated>${isCut}</IsTruncated>${rows.join("")}` +
    (isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "") +
    "</ListBucketResult>";
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

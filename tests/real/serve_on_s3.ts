/** `lakekeeper-ingest serve` with its warehouse on an S3 server. */
import { answers, freePort, type Server, startServer } from "./parts/child.ts";
import { awsEnvironment, type S3Server } from "./parts/s3_server.ts";
import { toolEnvironment, toolWords } from "./tool.ts";

/** A catalog whose warehouse `lake` lies on S3. */
export interface S3Serve extends Server {
  readonly uri: string;
  readonly warehouse: string;
  /** `s3://bucket/prefix` */
  readonly root: string;
}

/** Flags and command of a `serve`, for those that are to fail. */
export function serveWords(flags: readonly string[]): string[] {
  return [...toolWords(), "serve", ...flags];
}

/**
 * Starts the catalog on a free port.
 *
 * @param directory where its state directory lies.
 */
export async function startServeOnS3(
  s3: S3Server,
  options: { readonly directory: string; readonly flags: readonly string[] },
): Promise<S3Serve> {
  const { directory, flags } = options;
  const warehouse = "lake";
  const root = `s3://${s3.bucket}/wh`;
  const address = `127.0.0.1:${freePort()}`;
  const uri = `http://${address}/catalog`;
  const [command, ...args] = serveWords([
    "--listen",
    address,
    "--warehouse",
    `${warehouse}=${root}`,
    "--state-dir",
    `${directory}/state`,
    "--trace",
    ...flags,
  ]);
  const server = await startServer({
    name: "serve",
    command: command!,
    args,
    env: toolEnvironment(awsEnvironment(s3)),
    cwd: directory,
    logDirectory: directory,
    isReady: () => answers(`${uri}/v1/config?warehouse=${warehouse}`),
  });
  return { ...server, uri, warehouse, root };
}

/** Versity S3 Gateway on a local folder: enforces signatures, right in conditional writes. */
import { installOnce } from "./cache.ts";
import { answers, freePort, mustRun, startServer } from "./child.ts";
import { ACCESS_KEY_ID, BUCKET, REGION, type S3Server, SECRET_ACCESS_KEY } from "./s3_server.ts";

const MODULE = "github.com/versity/versitygw/cmd/versitygw@v1.8.0";

/** Builds the gateway by `go install`. @returns the path of its executable. */
export async function installVersitygw(): Promise<string> {
  const directory = await installOnce({
    name: "versitygw-1.8.0",
    key: MODULE,
    install: async (target) => {
      await mustRun("go", ["install", MODULE], { env: { GOBIN: target }, runMsMax: 15 * 60_000 });
    },
  });
  return `${directory}/versitygw`;
}

/** Starts the gateway with one bucket. */
export async function startVersitygw(): Promise<S3Server> {
  const command = await installVersitygw();
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-versitygw-" });
  // The posix backend takes a folder for a bucket.
  await Deno.mkdir(`${directory}/data/${BUCKET}`, { recursive: true });
  const address = `127.0.0.1:${freePort()}`;
  const endpoint = `http://${address}`;
  const server = await startServer({
    name: "versitygw",
    command,
    args: ["--port", address, "--region", REGION, "posix", `${directory}/data`],
    env: { ROOT_ACCESS_KEY: ACCESS_KEY_ID, ROOT_SECRET_KEY: SECRET_ACCESS_KEY },
    logDirectory: directory,
    // Anonymous callers are refused, which is answer enough.
    isReady: () => answers(endpoint, (status) => status < 500),
  });
  return {
    ...server,
    endpoint,
    bucket: BUCKET,
    region: REGION,
    accessKeyId: ACCESS_KEY_ID,
    secretAccessKey: SECRET_ACCESS_KEY,
    stop: async () => {
      await server.stop();
      await Deno.remove(directory, { recursive: true }).catch(() => {});
    },
  };
}

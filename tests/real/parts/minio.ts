/** MinIO: the S3 server with an STS that enforces its session policy, for vended credentials. */
import { installOnce } from "./cache.ts";
import { answers, freePort, mustRun, startServer } from "./child.ts";
import { ACCESS_KEY_ID, BUCKET, REGION, type S3Server, SECRET_ACCESS_KEY } from "./s3_server.ts";

const MODULE = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c";

/** Builds MinIO by `go install`, which takes minutes. @returns the path of its executable. */
export async function installMinio(): Promise<string> {
  const directory = await installOnce({
    name: "minio-20260212201848",
    key: MODULE,
    install: async (target) => {
      await mustRun("go", ["install", MODULE], { env: { GOBIN: target }, runMsMax: 25 * 60_000 });
    },
  });
  return `${directory}/minio`;
}

/** Starts MinIO with one bucket. */
export async function startMinio(): Promise<S3Server> {
  const command = await installMinio();
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-minio-" });
  // A folder of the drive is a bucket.
  await Deno.mkdir(`${directory}/data/${BUCKET}`, { recursive: true });
  const address = `127.0.0.1:${freePort()}`;
  const endpoint = `http://${address}`;
  const server = await startServer({
    name: "minio",
    command,
    args: [
      "server",
      "--address",
      address,
      "--console-address",
      `127.0.0.1:${freePort()}`,
      `${directory}/data`,
    ],
    env: {
      MINIO_ROOT_USER: ACCESS_KEY_ID,
      MINIO_ROOT_PASSWORD: SECRET_ACCESS_KEY,
      MINIO_REGION: REGION,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
    },
    logDirectory: directory,
    isReady: () => answers(`${endpoint}/minio/health/cluster`),
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

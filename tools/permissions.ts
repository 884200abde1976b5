// The permissions of the tool. They are compiled into the executable, and the end-to-end tests give
// the same ones when they run from source, so a missing one shows either way.

/**
 * The least that the tool needs, as flags of `deno run` and `deno compile`.
 *
 * Input, warehouse, catalog and certificates can be anywhere, so reading, writing, network and
 * environment are not narrowed. `osRelease` goes into the user agent of the AWS SDK, and `homedir`
 * finds its profile files. Nothing is run and no native library is loaded. With `--no-prompt` a
 * missing permission is an error, never a question.
 */
export const PERMISSION_FLAGS: readonly string[] = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=osRelease,homedir",
  "--no-prompt",
];

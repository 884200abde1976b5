/** Locations on S3, in the one form in which they are compared. */

/** Bucket names as S3 has them. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Whether a location is on S3. */
export function isS3Location(location: string): boolean {
  return /^s3[an]?:\/\//.test(location);
}

/** Whether a bucket may have this name. */
export function isBucketName(name: string): boolean {
  return BUCKET.test(name);
}

/**
 * Bucket and key of a location that has been checked; the key is empty for a bucket.
 *
 * @param location `s3://bucket/key`, without a slash at its end.
 */
export function bucketAndKey(location: string): { readonly bucket: string; readonly key: string } {
  const [bucket = "", ...key] = location.slice("s3://".length).split("/");
  return { bucket, key: key.join("/") };
}

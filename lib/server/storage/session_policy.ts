/** What credentials that are given for one table may do: the session policy of STS. */
import { bucketAndKey } from "../places/s3_location.ts";

/** Reading and writing objects, also in parts. */
const OBJECT_ACTIONS = [
  "s3:GetObject",
  "s3:PutObject",
  "s3:DeleteObject",
  "s3:AbortMultipartUpload",
  "s3:ListMultipartUploadParts",
];

/**
 * A policy that allows the objects below some locations, and to list them, and nothing else.
 *
 * @param locations `s3://bucket/prefix`, without the characters that stand for others in a policy;
 * places see to that.
 */
export function sessionPolicy(locations: readonly string[]): string {
  const places = locations.map(bucketAndKey);
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: OBJECT_ACTIONS,
        Resource: places.map(({ bucket, key }) => `arn:aws:s3:::${bucket}/${key}/*`),
      },
      ...places.map(({ bucket, key }) => ({
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: [`arn:aws:s3:::${bucket}`],
        Condition: { StringLike: { "s3:prefix": [`${key}/*`] } },
      })),
    ],
  });
}

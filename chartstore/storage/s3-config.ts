/** A bucket of a server that speaks S3. */
export interface S3Config {
  kind: 'amazon' | 'alibaba' | 'baidu' | 'oracle' | 'tencent'
  bucket: string
  /** In front of every project, without slashes at its ends; empty: none. */
  prefix: string
  region: string
  /** Another server than Amazon's. */
  endpoint: string | undefined
  encryption: 'AES256' | 'aws:kms' | 'aws:kms:dsse' | undefined
  /** `<endpoint>/<bucket>/<key>` instead of `<bucket>.<endpoint>/<key>`. */
  usesPathStyle: boolean
  verifiesCertificate: boolean
  /** Without them the SDK looks for some itself. */
  credentials?: { accessKeyId: string; secretAccessKey: string }
  /** The header that refuses to overwrite, where it is not `If-None-Match: *`. */
  forbidOverwrite?: string
}

export type SettingType = 'switch' | 'number' | 'text' | 'duration' | 'list'

/** One setting of the chart store: a variable, a flag and a key of the configuration file. */
export interface Setting {
  env: string
  /** Without the dashes; the variable's name in lower case with dashes unless said. */
  flag?: string
  /** In the file, nested at the dots. */
  key: string
  type: SettingType
  byDefault: string
  /** What it does. */
  says?: string
  /** Not supported: what to do instead. */
  instead?: string
  /** Taken and without effect: why. */
  idle?: string
  /** ChartMuseum does not have it. */
  isOurs?: true
}

/** All flags of ChartMuseum 0.16.5 (spec/chartmuseum.md 1.10) and our own. docs/settings.md is held against this table. */
// biome-ignore format: one line a setting
export const SETTINGS: readonly Setting[] = [
  { env: 'GEN_INDEX', key: 'genindex', type: 'switch', byDefault: 'false', instead: 'the store is a server only: read `/<repository>/index.yaml`' },
  { env: 'DEBUG', key: 'debug', type: 'switch', byDefault: 'false', says: 'log level `debug`' },
  { env: 'LOG_JSON', key: 'logjson', type: 'switch', byDefault: 'false', says: 'one JSON object a line on a terminal too (elsewhere always)' },
  { env: 'LOG_HEALTH', key: 'loghealth', type: 'switch', byDefault: 'false', says: 'log `/health` too' },
  { env: 'LOG_LATENCY_INTEGER', key: 'loglatencyinteger', type: 'switch', byDefault: 'false', idle: 'latency is in whole milliseconds always' },
  { env: 'DISABLE_METRICS', key: 'disablemetrics', type: 'switch', byDefault: 'false', idle: 'deprecated in ChartMuseum too; see `ENABLE_METRICS`' },
  { env: 'ENABLE_METRICS', key: 'enablemetrics', type: 'switch', byDefault: 'false', says: 'Prometheus metrics at `/metrics`, without credentials: keep the port inside' },
  { env: 'DISABLE_API', key: 'disableapi', type: 'switch', byDefault: 'false', says: 'no routes below `/api`' },
  { env: 'DISABLE_DELETE', key: 'disabledelete', type: 'switch', byDefault: 'false', says: 'no `DELETE`' },
  { env: 'DISABLE_STATEFILES', key: 'disablestatefiles', type: 'switch', byDefault: 'false', says: 'no `index-cache.yaml`' },
  { env: 'JSON_INDEX', key: 'json-index', type: 'switch', byDefault: 'false', says: 'index as JSON; `auto`: for helm 3.13 and later, which parses it five times faster' },
  { env: 'ALLOW_OVERWRITE', key: 'allowoverwrite', type: 'switch', byDefault: 'true', says: 'whether a version may be uploaded again (ChartMuseum: `false`; Harbor shipped `true`)' },
  { env: 'DISABLE_FORCE_OVERWRITE', key: 'disableforceoverwrite', type: 'switch', byDefault: 'false', says: 'whether `?force` may overwrite where `ALLOW_OVERWRITE` is off' },
  { env: 'PORT', key: 'port', type: 'number', byDefault: '9999', says: 'where it listens (ChartMuseum: 8080; Harbor: 9999)' },
  { env: 'READ_TIMEOUT', key: 'readtimeout', type: 'number', byDefault: '120', says: 'seconds that a connection may be silent, where it is longer than `WRITE_TIMEOUT` (ChartMuseum cut whole requests after it, slow uploads too)' },
  { env: 'WRITE_TIMEOUT', key: 'writetimeout', type: 'number', byDefault: '120', says: 'see `READ_TIMEOUT`' },
  { env: 'CHART_URL', key: 'charturl', type: 'text', byDefault: '', says: 'urls in the index are absolute: `<CHART_URL><CONTEXT_PATH>/<repository>/charts/<file>`; a change reaches old entries at the next start' },
  { env: 'BASIC_AUTH_USER', key: 'basicauth.user', type: 'text', byDefault: '', says: 'with `BASIC_AUTH_PASS`: one credential for everything' },
  { env: 'BASIC_AUTH_PASS', key: 'basicauth.pass', type: 'text', byDefault: '', says: 'see `BASIC_AUTH_USER`' },
  { env: 'AUTH_ANONYMOUS_GET', key: 'authanonymousget', type: 'switch', byDefault: 'false', says: 'reading needs no credential' },
  { env: 'TLS_CERT', key: 'tls.cert', type: 'text', byDefault: '', says: 'PEM file: with `TLS_KEY` the store speaks HTTPS' },
  { env: 'TLS_KEY', key: 'tls.key', type: 'text', byDefault: '', says: 'PEM file' },
  { env: 'TLS_CA_CERT', key: 'tls.cacert', type: 'text', byDefault: '', says: 'PEM file: clients must show a certificate of this authority' },
  { env: 'CACHE', key: 'cache.store', type: 'text', byDefault: '', says: '`redis`: replicas tell each other of charts, see [replicas.md](replicas.md)' },
  { env: 'CACHE_REDIS_ADDR', key: 'cache.redis.addr', type: 'text', byDefault: '', says: '`host:port`; several with commas for Sentinel and Cluster' },
  { env: 'CACHE_REDIS_PASSWORD', key: 'cache.redis.password', type: 'text', byDefault: '', says: '' },
  { env: 'CACHE_REDIS_DB', key: 'cache.redis.db', type: 'number', byDefault: '0', says: '' },
  { env: 'STORAGE', key: 'storage.backend', type: 'text', byDefault: 'local', says: 'the backend, see [storage.md](storage.md)' },
  { env: 'STORAGE_TIMESTAMP_TOLERANCE', key: 'storage.timestamptolerance', type: 'duration', byDefault: '0', idle: 'times are compared with those that storage itself has told, exactly' },
  { env: 'STORAGE_LOCAL_ROOTDIR', key: 'storage.local.rootdir', type: 'text', byDefault: '', says: 'the directory (`DATA_DIR/charts` inside the gateway)' },
  { env: 'STORAGE_AMAZON_BUCKET', key: 'storage.amazon.bucket', type: 'text', byDefault: '', says: 'required with `STORAGE=amazon`; the bucket must be there' },
  { env: 'STORAGE_AMAZON_PREFIX', key: 'storage.amazon.prefix', type: 'text', byDefault: '', says: 'what keys begin with' },
  { env: 'STORAGE_AMAZON_REGION', key: 'storage.amazon.region', type: 'text', byDefault: '', says: 'required without an endpoint, else `us-east-1`' },
  { env: 'STORAGE_AMAZON_ENDPOINT', key: 'storage.amazon.endpoint', type: 'text', byDefault: '', says: 'another server than Amazon’s: MinIO, Ceph, …' },
  { env: 'STORAGE_AMAZON_SSE', key: 'storage.amazon.sse', type: 'text', byDefault: '', says: '`AES256`, `aws:kms` or `aws:kms:dsse`' },
  { env: 'STORAGE_AMAZON_FORCE_PATH_STYLE', key: 'storage.amazon.forcepathstyle', type: 'switch', byDefault: 'true', says: '`false`: the bucket is part of the host name' },
  { env: 'STORAGE_GOOGLE_BUCKET', key: 'storage.google.bucket', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_GOOGLE_PREFIX', key: 'storage.google.prefix', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_ORACLE_BUCKET', key: 'storage.oracle.bucket', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_ORACLE_PREFIX', key: 'storage.oracle.prefix', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_ORACLE_REGION', key: 'storage.oracle.region', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_ORACLE_COMPARTMENTID', key: 'storage.oracle.compartmentid', type: 'text', byDefault: '', idle: 'the bucket is found by the namespace, and is not made by itself' },
  { env: 'STORAGE_MICROSOFT_CONTAINER', key: 'storage.microsoft.container', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_MICROSOFT_PREFIX', key: 'storage.microsoft.prefix', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_ALIBABA_BUCKET', key: 'storage.alibaba.bucket', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_ALIBABA_PREFIX', key: 'storage.alibaba.prefix', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_ALIBABA_ENDPOINT', key: 'storage.alibaba.endpoint', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_ALIBABA_SSE', key: 'storage.alibaba.sse', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_OPENSTACK_CONTAINER', key: 'storage.openstack.container', type: 'text', byDefault: '', says: 'required with `STORAGE=openstack`; the container must be there' },
  { env: 'STORAGE_OPENSTACK_PREFIX', key: 'storage.openstack.prefix', type: 'text', byDefault: '', says: 'what keys begin with' },
  { env: 'STORAGE_OPENSTACK_REGION', key: 'storage.openstack.region', type: 'text', byDefault: '', says: 'of the object store in Keystone’s catalogue; unset: `OS_REGION_NAME`, or the only one that there is' },
  { env: 'STORAGE_OPENSTACK_CACERT', key: 'storage.openstack.cacert', type: 'text', byDefault: '', says: 'PEM file of authorities, for Keystone and Swift; unset: `OS_CACERT`, or those of Node' },
  { env: 'STORAGE_OPENSTACK_AUTH', key: 'storage.openstack.auth', type: 'text', byDefault: 'auto', says: '`auto`: Keystone v3 by the `OS_…` variables; `v1`: `ST_AUTH`, `ST_USER` and `ST_KEY`' },
  { env: 'STORAGE_BAIDU_PREFIX', key: 'storage.baidu.prefix', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_BAIDU_BUCKET', key: 'storage.baidu.bucket', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_BAIDU_ENDPOINT', key: 'storage.baidu.endpoint', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_ETCD_ENDPOINT', key: 'storage.etcd.endpoint', type: 'text', byDefault: 'http://localhost:2379', instead:  'a key-value store of a few gigabytes is no place for packages: set `STORAGE=local` or a bucket' },
  { env: 'STORAGE_ETCD_CAFILE', key: 'storage.etcd.cafile', type: 'text', byDefault: '', instead:  'a key-value store of a few gigabytes is no place for packages: set `STORAGE=local` or a bucket' },
  { env: 'STORAGE_ETCD_CERTFILE', key: 'storage.etcd.certfile', type: 'text', byDefault: '', instead:  'a key-value store of a few gigabytes is no place for packages: set `STORAGE=local` or a bucket' },
  { env: 'STORAGE_ETCD_KEYFILE', key: 'storage.etcd.keyfile', type: 'text', byDefault: '', instead:  'a key-value store of a few gigabytes is no place for packages: set `STORAGE=local` or a bucket' },
  { env: 'STORAGE_ETCD_PREFIX', key: 'storage.etcd.prefix', type: 'text', byDefault: '', instead:  'a key-value store of a few gigabytes is no place for packages: set `STORAGE=local` or a bucket' },
  { env: 'STORAGE_TENCENT_BUCKET', key: 'storage.tencent.bucket', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_TENCENT_PREFIX', key: 'storage.tencent.prefix', type: 'text', byDefault: '', says: '' },
  { env: 'STORAGE_TENCENT_ENDPOINT', key: 'storage.tencent.endpoint', type: 'text', byDefault: '', says: '' },
  { env: 'CHART_POST_FORM_FIELD_NAME', key: 'chartpostformfieldname', type: 'text', byDefault: 'chart', says: 'one more name for the field of the package' },
  { env: 'PROV_POST_FORM_FIELD_NAME', key: 'provpostformfieldname', type: 'text', byDefault: 'prov', says: 'one more name for the field of the provenance' },
  { env: 'MAX_STORAGE_OBJECTS', key: 'maxstorageobjects', type: 'number', byDefault: '0', says: 'files of a repository, provenance and `index-cache.yaml` included; 0: no limit. Beyond it uploads are 507, in every form (ChartMuseum: raw ones only)' },
  { env: 'MAX_UPLOAD_SIZE', key: 'maxuploadsize', type: 'number', byDefault: '20971520 (20 MiB)', says: 'bytes of a request body' },
  { env: 'INDEX_LIMIT', key: 'indexlimit', type: 'number', byDefault: '0', says: 'packages read at the same time while an index is built; 0: 8' },
  { env: 'CONTEXT_PATH', key: 'contextpath', type: 'text', byDefault: '', says: 'everything is below it, by whole segments; the index says `serverInfo.contextPath`. Not inside the gateway' },
  { env: 'DEPTH', key: 'depth', type: 'number', byDefault: '1', says: 'only 1' },
  { env: 'BEARER_AUTH', key: 'bearerauth', type: 'switch', byDefault: 'false', says: 'tokens, signed by a key of `AUTH_CERT_PATH`' },
  { env: 'AUTH_REALM', key: 'authrealm', type: 'text', byDefault: '', says: 'where clients get tokens' },
  { env: 'AUTH_SERVICE', key: 'authservice', type: 'text', byDefault: '', says: '' },
  { env: 'AUTH_CERT_PATH', key: 'authcertpath', type: 'text', byDefault: '', says: 'PEM file of public keys' },
  { env: 'AUTH_ACTIONS_SEARCH_PATH', key: 'authactionssearchpath', type: 'text', byDefault: '', instead: 'tokens are read by their `access` claim: unset it' },
  { env: 'DEPTH_DYNAMIC', key: 'depthdynamic', type: 'switch', byDefault: 'false', instead: 'repositories are one path segment deep: unset it' },
  { env: 'CORS_ALLOW_ORIGIN', flag: 'cors-alloworigin', key: 'cors.alloworigin', type: 'text', byDefault: '', says: '`*`, or origins with commas between; preflights are answered, on all routes' },
  { env: 'ENFORCE_SEMVER2', key: 'enforce-semver2', type: 'switch', byDefault: 'false', idle: 'deprecated in ChartMuseum too; versions are checked as helm checks them' },
  { env: 'CACHE_INTERVAL', key: 'cacheinterval', type: 'duration', byDefault: '5m', says: 'between full comparisons of an index with storage; 0: never' },
  { env: 'LISTEN_HOST', key: 'listen.host', type: 'text', byDefault: '0.0.0.0', says: '' },
  { env: 'PER_CHART_LIMIT', key: 'per-chart-limit', type: 'number', byDefault: '0', says: 'versions of a chart; beyond it the lowest ones go, with their provenance, never the one just uploaded; 0: no limit' },
  { env: 'WEB_TEMPLATE_PATH', key: 'web-template-path', type: 'text', byDefault: '', says: '`index.html` at `/` as it is (Go templates are not run), and files below `static/`' },
  { env: 'ARTIFACT_HUB_REPO_ID', key: 'artifact-hub-repo-id', type: 'list', byDefault: '', says: '`ID`, or `repository=ID` with commas between: `/<repository>/artifacthub-repo.yml`' },
  { env: 'ALWAYS_REGENERATE_CHART_INDEX', key: 'always-regenerate-chart-index', type: 'switch', byDefault: '', says: 'every read compares all files with storage: rarely of use here, and slow' },
  { env: 'LOG_LEVEL', key: 'loglevel', type: 'text', byDefault: 'info', says: 'trace, debug, info, warn, error, fatal or silent', isOurs: true },
  { env: 'STORAGE_ORACLE_NAMESPACE', key: 'storage.oracle.namespace', type: 'text', byDefault: '', says: 'of the tenancy', isOurs: true },
  { env: 'STORAGE_ORACLE_ENDPOINT', key: 'storage.oracle.endpoint', type: 'text', byDefault: '', says: 'instead of the one of region and namespace', isOurs: true },
  { env: 'STORAGE_GOOGLE_ENDPOINT', key: 'storage.google.endpoint', type: 'text', byDefault: '', says: 'another server than Google’s; with `http:` it is asked without credentials', isOurs: true },
  { env: 'CACHE_REDIS_USERNAME', key: 'cache.redis.username', type: 'text', byDefault: '', says: '', isOurs: true },
  { env: 'CACHE_REDIS_SENTINEL_MASTER', key: 'cache.redis.sentinel.master', type: 'text', byDefault: '', says: 'the name that the Sentinels know the master by', isOurs: true },
  { env: 'CACHE_REDIS_MASTERNAME', key: 'cache.redis.mastername', type: 'text', byDefault: '', says: 'the same, as Harbor named it', isOurs: true },
  { env: 'CACHE_REDIS_SENTINEL_PASSWORD', key: 'cache.redis.sentinel.password', type: 'text', byDefault: '', says: '', isOurs: true },
  { env: 'CACHE_REDIS_CLUSTER', key: 'cache.redis.cluster', type: 'switch', byDefault: 'false', says: '', isOurs: true },
  { env: 'CACHE_REDIS_TLS', key: 'cache.redis.tls', type: 'switch', byDefault: 'false', says: '', isOurs: true },
  { env: 'CACHE_REDIS_TLS_CA_CERT', key: 'cache.redis.tlscacert', type: 'text', byDefault: '', says: 'PEM file', isOurs: true },
  { env: 'CACHE_REDIS_PREFIX', key: 'cache.redis.prefix', type: 'text', byDefault: 'chartgate', says: 'what every key begins with', isOurs: true },
]

export function flagOf({ env, flag }: Setting): string {
  return flag ?? env.toLowerCase().replaceAll('_', '-')
}

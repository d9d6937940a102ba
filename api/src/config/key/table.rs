//! The rows of the table; their order is the order of the documentation.

use super::{Key, Range, Section};

const KEY: Key = Key {
    variable: "",
    section: Section::Server,
    doc: "",
    unit: "",
    range: Range::Words(""),
    default: None,
    absent: "",
    secret: false,
    file: false,
};

/// Every variable the program reads.
pub const KEYS: &[Key] = &[
    Key {
        variable: "STRONGROOM_ENV",
        section: Section::Server,
        doc: "`production` switches development tools off and demands an `https` public address. The embedded database and object store are for one machine: in production `check-config`, `serve` and `worker` warn of each.",
        unit: "word",
        range: Range::OneOf(&["development", "production"]),
        default: Some("development"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_DATA_DIR",
        section: Section::Server,
        doc: "Where the embedded database, the embedded objects and generated secrets are kept.",
        unit: "path",
        range: Range::Words("a directory that can be made or written"),
        default: Some("./data"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_LISTEN",
        section: Section::Server,
        doc: "Address the HTTP server listens on.",
        unit: "address:port",
        range: Range::Words("an IP address and a port"),
        default: Some("127.0.0.1:8080"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_PUBLIC_URL",
        section: Section::Server,
        doc: "Address clients reach the server under; links and the same-origin check use it.",
        unit: "origin",
        range: Range::Words("`http` or `https`, a host, an optional port; `https` in production"),
        absent: "`http://` and the value of `STRONGROOM_LISTEN`; in production it must be set",
        ..KEY
    },
    Key {
        variable: "STRONGROOM_CORS_ORIGINS",
        section: Section::Server,
        doc: "Origins whose pages may call the API from a browser; compared exactly.",
        unit: "origins, separated by commas",
        range: Range::Words("no wildcard, no path"),
        absent: "no other origin may call",
        ..KEY
    },
    Key {
        variable: "TRUSTED_PROXIES",
        section: Section::Server,
        doc: "Networks of the proxies whose `X-Forwarded-For` is believed.",
        unit: "CIDR networks, separated by commas",
        range: Range::Words("IPv4 or IPv6 networks or single addresses"),
        absent: "the header is ignored; the peer is the client",
        ..KEY
    },
    Key {
        variable: "REPLICAS",
        section: Section::Server,
        doc: "How many processes serve the same data; more than one needs an external database and store. Limits that are counted in each process are divided by it.",
        unit: "processes",
        range: Range::Number(1, 1_000),
        default: Some("1"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_WORKER_THREADS",
        section: Section::Server,
        doc: "Threads of the asynchronous runtime.",
        unit: "threads",
        range: Range::Number(1, 512),
        absent: "one per processor",
        ..KEY
    },
    Key {
        variable: "STRONGROOM_AUDIT_DOMAIN",
        section: Section::Server,
        doc: "Domain in the origin line of the audit logs; fixed when the deployment is bootstrapped.",
        unit: "domain name",
        range: Range::Words("lower-case letters, digits, hyphens and dots, at most 253"),
        default: Some("strongroom.local"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_MASTER_KEY",
        section: Section::MasterKey,
        doc: "The secret all others are derived from or sealed under. Losing it loses every API key and the audit log's signing keys.",
        unit: "base64",
        range: Range::Words("32 random bytes, 44 characters: `openssl rand -base64 32`"),
        absent: "beside an embedded database one is made in the data directory; beside an external one it must be set",
        secret: true,
        file: true,
        ..KEY
    },
    Key {
        variable: "STRONGROOM_MASTER_KEY_PREVIOUS",
        section: Section::MasterKey,
        doc: "The master key before this one, while `strongroom master-key rotate` has not run and while API keys made under it are in use. Its number is one less.",
        unit: "base64",
        range: Range::Words("32 bytes, 44 characters"),
        absent: "nothing made under an earlier key works",
        secret: true,
        file: true,
        ..KEY
    },
    Key {
        variable: "STRONGROOM_MASTER_KEY_NUMBER",
        section: Section::MasterKey,
        doc: "Number of the master key, stored with everything sealed under it so that keys can be replaced.",
        unit: "number",
        range: Range::Number(1, 32_767),
        default: Some("1"),
        ..KEY
    },
    Key {
        variable: "DATABASE_URL",
        section: Section::Database,
        doc: "Database of the application role: `postgres://` for a server, `sqlite://` for a file.",
        unit: "URL",
        range: Range::Words("`postgres://user:password@host/database` or `sqlite://path`"),
        absent: "`strongroom.db` in the data directory",
        secret: true,
        file: true,
        ..KEY
    },
    Key {
        variable: "DATABASE_OWNER_URL",
        section: Section::Database,
        doc: "Database of the role that owns the tables; only migrations use it.",
        unit: "URL",
        range: Range::Words("`postgres://user:password@host/database`"),
        absent: "the value of `DATABASE_URL`",
        secret: true,
        file: true,
        ..KEY
    },
    Key {
        variable: "STRONGROOM_DATABASE_POOL_SIZE",
        section: Section::Database,
        doc: "Connections to an external database, per process.",
        unit: "connections",
        range: Range::Number(1, 1_000),
        default: Some("16"),
        ..KEY
    },
    Key {
        variable: "S3_ENDPOINT",
        section: Section::Store,
        doc: "Address of an S3-compatible store. Setting any `S3_` variable turns the embedded store off.",
        unit: "origin",
        range: Range::Words("`http` or `https`, a host, an optional port"),
        absent: "the embedded store, with its objects in the data directory",
        ..KEY
    },
    Key {
        variable: "S3_PUBLIC_ENDPOINT",
        section: Section::Store,
        doc: "Address of the store as clients reach it; presigned URLs carry it.",
        unit: "origin",
        range: Range::Words("`http` or `https`, a host, an optional port"),
        absent: "the value of `S3_ENDPOINT`",
        ..KEY
    },
    Key {
        variable: "S3_REGION",
        section: Section::Store,
        doc: "Region that requests to the store are signed for.",
        unit: "word",
        range: Range::Words("letters, digits and hyphens"),
        default: Some("us-east-1"),
        ..KEY
    },
    Key {
        variable: "S3_BUCKET",
        section: Section::Store,
        doc: "Bucket that holds all objects.",
        unit: "bucket name",
        range: Range::Words("3 to 63 lower-case letters, digits, dots and hyphens"),
        absent: "must be set together with the other `S3_` variables",
        ..KEY
    },
    Key {
        variable: "S3_ACCESS_KEY",
        section: Section::Store,
        doc: "Access key of the store.",
        unit: "text",
        range: Range::Words("not empty"),
        absent: "must be set together with the other `S3_` variables",
        secret: true,
        file: true,
        ..KEY
    },
    Key {
        variable: "S3_SECRET_KEY",
        section: Section::Store,
        doc: "Secret key of the store.",
        unit: "text",
        range: Range::Words("not empty"),
        absent: "must be set together with the other `S3_` variables",
        secret: true,
        file: true,
        ..KEY
    },
    Key {
        variable: "S3_FORCE_PATH_STYLE",
        section: Section::Store,
        doc: "Whether the bucket is named in the path instead of the host.",
        unit: "truth value",
        range: Range::OneOf(&["true", "false"]),
        default: Some("true"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_EMBEDDED_S3_LISTEN",
        section: Section::Store,
        doc: "Address of the embedded store; links stay valid over a restart because it is fixed.",
        unit: "address:port",
        range: Range::Words("a loopback address and a port"),
        default: Some("127.0.0.1:9090"),
        ..KEY
    },
    Key {
        variable: "REDIS_URL",
        section: Section::Redis,
        doc: "A Redis that all processes share. Revocations reach other processes without waiting for the next look into the database, and limits count over all processes. Nothing in it needs to be kept, and nothing fails without it.",
        unit: "URL",
        range: Range::Words("`redis://` or, encrypted, `rediss://user:password@host:port/number`"),
        absent: "limits are counted in each process and divided by `REPLICAS`; revocations reach other processes within two seconds",
        secret: true,
        file: true,
        ..KEY
    },
    Key {
        variable: "STRONGROOM_REDIS_PREFIX",
        section: Section::Redis,
        doc: "Beginning of every key and channel, so that several deployments can share one Redis.",
        unit: "word",
        range: Range::Words("1 to 64 letters, digits, `-`, `_`, `.` and `:`"),
        default: Some("strongroom"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_REDIS_TIMEOUT_MS",
        section: Section::Redis,
        doc: "How long a request waits for Redis before it is judged by what its own process knows.",
        unit: "milliseconds",
        range: Range::Number(1, 10_000),
        default: Some("50"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_SHIELD_PER_SECOND",
        section: Section::Limits,
        doc: "Requests of one address before anything else is looked at.",
        unit: "requests per second",
        range: Range::Number(1, 1_000_000),
        default: Some("20"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_SHIELD_BURST",
        section: Section::Limits,
        doc: "Requests of one address that may come at once.",
        unit: "requests",
        range: Range::Number(1, 1_000_000),
        default: Some("100"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_ANONYMOUS_PER_HOUR",
        section: Section::Limits,
        doc: "Requests of one address without a credential.",
        unit: "requests per hour",
        range: Range::Number(1, 1_000_000_000),
        default: Some("100"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_FAILED_CREDENTIALS_PER_MINUTE",
        section: Section::Limits,
        doc: "Refused credentials of one address.",
        unit: "attempts per minute",
        range: Range::Number(1, 1_000_000),
        default: Some("10"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_REQUEST_BURST_PER_SECOND",
        section: Section::Limits,
        doc: "Requests of one key or session, over a short time.",
        unit: "requests per second",
        range: Range::Number(1, 1_000_000),
        default: Some("10"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_REQUEST_BURST",
        section: Section::Limits,
        doc: "Requests of one key or session that may come at once.",
        unit: "requests",
        range: Range::Number(1, 1_000_000),
        default: Some("50"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_COST_PER_SECOND",
        section: Section::Limits,
        doc: "Points of GraphQL operations of one tenant; an object that an operation may return is a point.",
        unit: "points per second",
        range: Range::Number(1, 1_000_000),
        default: Some("100"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_COST_BUCKET",
        section: Section::Limits,
        doc: "Points of one tenant that may be spent at once; what an operation returned less than it might have is given back.",
        unit: "points",
        range: Range::Number(1_000, 100_000_000),
        default: Some("2000"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_REQUESTS_PER_HOUR_FREE",
        section: Section::Limits,
        doc: "Requests of one key or session of a tenant on tier free; stronger than the tiers file.",
        unit: "requests per hour",
        range: Range::Number(1, 1_000_000_000),
        absent: "the tier's own",
        ..KEY
    },
    Key {
        variable: "STRONGROOM_REQUESTS_PER_HOUR_BASIC",
        section: Section::Limits,
        doc: "Requests of one key or session of a tenant on tier basic; stronger than the tiers file.",
        unit: "requests per hour",
        range: Range::Number(1, 1_000_000_000),
        absent: "the tier's own",
        ..KEY
    },
    Key {
        variable: "STRONGROOM_REQUESTS_PER_HOUR_PROFESSIONAL",
        section: Section::Limits,
        doc: "Requests of one key or session of a tenant on tier professional; stronger than the tiers file.",
        unit: "requests per hour",
        range: Range::Number(1, 1_000_000_000),
        absent: "the tier's own",
        ..KEY
    },
    Key {
        variable: "STRONGROOM_REQUESTS_PER_HOUR_ENTERPRISE",
        section: Section::Limits,
        doc: "Requests of one key or session of a tenant on tier enterprise; stronger than the tiers file.",
        unit: "requests per hour",
        range: Range::Number(1, 1_000_000_000),
        absent: "the tier's own",
        ..KEY
    },
    Key {
        variable: "STRONGROOM_TIERS_FILE",
        section: Section::Product,
        doc: "TOML file that overrides parts of what the tiers include, such as `[free]` with `users = 5`.",
        unit: "path",
        range: Range::Words("a readable file"),
        absent: "the built-in tiers",
        ..KEY
    },
    Key {
        variable: "STRONGROOM_CATALOGUE_FILE",
        section: Section::Product,
        doc: "TOML file with the catalogue of systems and object types.",
        unit: "path",
        range: Range::Words("a readable file"),
        absent: "the built-in catalogue",
        ..KEY
    },
    Key {
        variable: "STRONGROOM_UPLOAD_TTL",
        section: Section::Files,
        doc: "How long a presigned upload may be used.",
        unit: "duration",
        range: Range::Seconds(60, 86_400),
        default: Some("15m"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_PURGE_DELAY",
        section: Section::Files,
        doc: "How long the bytes of a purged file are kept; at least as long as database backups reach back.",
        unit: "duration",
        range: Range::Seconds(0, 31_536_000),
        default: Some("7d"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_TENANT_RETENTION",
        section: Section::Files,
        doc: "How long a tenant is kept that was deactivated, before it may be purged. What holds is the value when it is deactivated.",
        unit: "duration",
        range: Range::Seconds(0, 315_360_000),
        default: Some("30d"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_MAX_UPLOADS_IN_FLIGHT",
        section: Section::Files,
        doc: "Uploads streamed through one process at the same time; one tenant has at most a quarter of them.",
        unit: "uploads",
        range: Range::Number(1, 100_000),
        default: Some("64"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_UPLOAD_GRACE",
        section: Section::Files,
        doc: "How long in all a streamed upload may be waited for, beyond what its bytes take at the lowest rate.",
        unit: "duration",
        range: Range::Seconds(0, 3_600),
        default: Some("60s"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_UPLOAD_MIN_BYTES_PER_SECOND",
        section: Section::Files,
        doc: "The lowest average rate of a streamed upload; a slower one ends with 408.",
        unit: "bytes per second",
        range: Range::Number(1, 1_073_741_824),
        default: Some("16384"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_AUDIT_KEY_DAYS",
        section: Section::Audit,
        doc: "Age at which the signing key of a log is replaced by a new one; 0 leaves that to operators.",
        unit: "days",
        range: Range::Number(0, 3_650),
        default: Some("365"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_AUDIT_KEY_OVERLAP",
        section: Section::Audit,
        doc: "How long a log's new key and the one it replaces both sign before the old one is destroyed.",
        unit: "duration",
        range: Range::Seconds(0, 7_776_000),
        default: Some("24h"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_AUDIT_EXPORT_TTL",
        section: Section::Audit,
        doc: "How long the file of an export can be fetched before it is removed.",
        unit: "duration",
        range: Range::Seconds(60, 2_592_000),
        default: Some("24h"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_AUDIT_VERIFY_EVERY",
        section: Section::Audit,
        doc: "How often the worker verifies each log: what came since the last verification that found it intact; 0 leaves that to people.",
        unit: "duration",
        range: Range::Seconds(0, 7_776_000),
        default: Some("24h"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_AUDIT_PRUNE",
        section: Section::Audit,
        doc: "Whether the worker deletes the personal values of entries that are older than the log's own policy (365 days) and not held; each time an entry of the log says so first.",
        unit: "truth value",
        range: Range::OneOf(&["true", "false"]),
        default: Some("true"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_AUDIT_VERIFY_FULL_EVERY",
        section: Section::Audit,
        doc: "How often the worker reads every entry of each log again; 0 leaves that to people.",
        unit: "duration",
        range: Range::Seconds(0, 31_536_000),
        default: Some("7d"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_ANCHOR_BUCKET",
        section: Section::Audit,
        doc: "Bucket for anchors, the heads of logs that are kept outside the database; best one with object lock, which its writers cannot empty.",
        unit: "bucket name",
        range: Range::Words("3 to 63 lower-case letters, digits, dots and hyphens"),
        absent: "the value of `S3_BUCKET`; beside the embedded store no bucket",
        ..KEY
    },
    Key {
        variable: "STRONGROOM_ANCHOR_PREFIX",
        section: Section::Audit,
        doc: "Where in the bucket anchors lie.",
        unit: "beginning of keys",
        range: Range::Words("words of letters, digits, `-` and `_`, separated by slashes"),
        default: Some("audit/anchors"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_ANCHOR_LOCK_DAYS",
        section: Section::Audit,
        doc: "How long an anchor cannot be deleted, in a bucket with object lock.",
        unit: "days",
        range: Range::Number(1, 36_500),
        default: Some("2555"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_ANCHOR_FILE",
        section: Section::Audit,
        doc: "File that anchors are appended to; best on another volume than the database, and append-only (`chattr +a`).",
        unit: "path",
        range: Range::Words("a file that can be made or appended to"),
        absent: "`anchors.ndjson` in the data directory beside the embedded store; no file beside an external one",
        ..KEY
    },
    Key {
        variable: "STRONGROOM_FLUSH_INTERVAL",
        section: Section::Background,
        doc: "How often counted API calls are written; a crash may lose one interval.",
        unit: "duration",
        range: Range::Seconds(1, 600),
        default: Some("10s"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_SWEEP_INTERVAL",
        section: Section::Background,
        doc: "How often abandoned uploads and expired leases are cleared away.",
        unit: "duration",
        range: Range::Seconds(1, 86_400),
        default: Some("60s"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_DRAIN_NOTICE",
        section: Section::Background,
        doc: "How long connections are still taken after SIGTERM, while readiness already says no.",
        unit: "duration",
        range: Range::Seconds(0, 300),
        default: Some("5s"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_DRAIN_GRACE",
        section: Section::Background,
        doc: "How long requests in flight may take to finish after that.",
        unit: "duration",
        range: Range::Seconds(0, 3_600),
        default: Some("25s"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_LOG",
        section: Section::Log,
        doc: "Which events are logged, as a `tracing` filter.",
        unit: "filter",
        range: Range::Words("directives such as `info,store=debug`"),
        default: Some("info"),
        ..KEY
    },
    Key {
        variable: "STRONGROOM_LOG_FORMAT",
        section: Section::Log,
        doc: "One JSON object per line, or lines for people.",
        unit: "word",
        range: Range::OneOf(&["json", "text"]),
        default: Some("json"),
        ..KEY
    },
];

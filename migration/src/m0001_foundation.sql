CREATE TABLE deployment (
  id {small} PRIMARY KEY CHECK (id = 1),
  name {text} NOT NULL,
  audit_domain {text} NOT NULL,
  master_no {small} NOT NULL,
  master_check {bytes} NOT NULL,
  created_at {time} NOT NULL
) {strict}

CREATE TABLE operator (
  id {uuid} PRIMARY KEY,
  email {text} NOT NULL UNIQUE,
  name {text} NOT NULL,
  password_hash {text} NOT NULL,
  created_at {time} NOT NULL
) {strict}

CREATE TABLE operator_session (
  id {uuid} PRIMARY KEY,
  operator_id {uuid} NOT NULL REFERENCES operator (id),
  token_hash {bytes} NOT NULL UNIQUE,
  created_at {time} NOT NULL,
  expires_at {time} NOT NULL
) {strict}

CREATE TABLE tenant (
  id {uuid} PRIMARY KEY,
  slug {text} NOT NULL UNIQUE,
  name {text} NOT NULL,
  status {text} NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'deactivated')),
  status_reason {text},
  tier {text} NOT NULL CHECK (tier IN ('free', 'basic', 'professional', 'enterprise')),
  period_anchor_at {time} NOT NULL,
  created_at {time} NOT NULL
) {strict}

CREATE TABLE "user" (
  id {uuid} PRIMARY KEY,
  email {text} NOT NULL UNIQUE,
  name {text} NOT NULL,
  password_hash {text} NOT NULL,
  created_at {time} NOT NULL
) {strict}

CREATE TABLE member (
  tenant_id {uuid} NOT NULL REFERENCES tenant (id),
  id {uuid} NOT NULL,
  user_id {uuid} NOT NULL REFERENCES "user" (id),
  role {text} NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'auditor')),
  created_at {time} NOT NULL,
  removed_at {time},
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, user_id)
) {strict}

CREATE INDEX member_of_user ON member (user_id)

CREATE TABLE session (
  id {uuid} PRIMARY KEY,
  user_id {uuid} NOT NULL REFERENCES "user" (id),
  tenant_id {uuid} REFERENCES tenant (id),
  token_hash {bytes} NOT NULL UNIQUE,
  created_at {time} NOT NULL,
  last_seen_at {time} NOT NULL,
  expires_at {time} NOT NULL
) {strict}

CREATE INDEX session_of_user ON session (user_id)

CREATE INDEX session_by_expiry ON session (expires_at)

CREATE TABLE usage_counter (
  tenant_id {uuid} NOT NULL REFERENCES tenant (id),
  metric {text} NOT NULL CHECK (metric IN ('API_CALLS', 'AI_TOKENS', 'STORAGE_BYTES', 'USERS')),
  period_start {time} NOT NULL,
  limit_value {int} NOT NULL CHECK (limit_value >= 0),
  used {int} NOT NULL DEFAULT 0 CHECK (used >= 0),
  reserved {int} NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  trash {int} NOT NULL DEFAULT 0 CHECK (trash >= 0),
  PRIMARY KEY (tenant_id, metric, period_start)
) {strict}

CREATE TABLE reservation (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  metric {text} NOT NULL,
  period_start {time} NOT NULL,
  amount {int} NOT NULL CHECK (amount >= 0),
  state {text} NOT NULL CHECK (state IN ('held', 'committed', 'released', 'expired')),
  lease_until {time} NOT NULL,
  created_at {time} NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, metric, period_start)
    REFERENCES usage_counter (tenant_id, metric, period_start)
) {strict}

CREATE INDEX reservation_held ON reservation (lease_until) WHERE state = 'held'

CREATE TABLE invitation (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  email {text} NOT NULL,
  role {text} NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'auditor')),
  token_hash {bytes} NOT NULL UNIQUE,
  created_by {uuid} NOT NULL,
  reservation_id {uuid} NOT NULL,
  created_at {time} NOT NULL,
  expires_at {time} NOT NULL,
  accepted_at {time},
  revoked_at {time},
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, created_by) REFERENCES member (tenant_id, id),
  FOREIGN KEY (tenant_id, reservation_id) REFERENCES reservation (tenant_id, id)
) {strict}

CREATE UNIQUE INDEX invitation_open ON invitation (tenant_id, email)
  WHERE accepted_at IS NULL AND revoked_at IS NULL

CREATE TABLE api_key (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  public_id {text} NOT NULL UNIQUE,
  mac {bytes} NOT NULL,
  pepper_no {small} NOT NULL,
  name {text} NOT NULL,
  scopes {text} NOT NULL,
  cidrs {text} NOT NULL,
  created_by {uuid} NOT NULL,
  created_at {time} NOT NULL,
  expires_at {time} NOT NULL,
  last_used_at {time},
  revoked_at {time},
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, created_by) REFERENCES member (tenant_id, id)
) {strict}

CREATE TABLE file (
  tenant_id {uuid} NOT NULL REFERENCES tenant (id),
  id {uuid} NOT NULL,
  system {text} NOT NULL,
  object_type {text} NOT NULL,
  object_id {text} NOT NULL,
  filename {text} NOT NULL,
  display_name {text} NOT NULL,
  media_type {text} NOT NULL,
  byte_len {int} NOT NULL CHECK (byte_len >= 0),
  sha256 {bytes},
  state {text} NOT NULL
    CHECK (state IN ('pending', 'verifying', 'ready', 'rejected', 'trashed', 'purged')),
  rejection {text},
  replaces {uuid},
  created_by_type {text} NOT NULL,
  created_by_id {uuid} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  trashed_at {time},
  purged_at {time},
  deleted_at {time},
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, replaces) REFERENCES file (tenant_id, id)
) {strict}

CREATE INDEX file_by_object ON file (tenant_id, system, object_type, object_id, id)

CREATE INDEX file_by_state ON file (tenant_id, state, id)

CREATE INDEX file_in_trash ON file (trashed_at) WHERE state = 'trashed'

CREATE INDEX file_to_delete ON file (purged_at) WHERE purged_at IS NOT NULL AND deleted_at IS NULL

CREATE TABLE upload (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  file_id {uuid} NOT NULL,
  streamed {bool} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('open', 'completed', 'expired', 'aborted')),
  multipart_id {text},
  declared_sha256 {bytes},
  reservation_id {uuid} NOT NULL,
  created_at {time} NOT NULL,
  expires_at {time} NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, file_id),
  UNIQUE (tenant_id, reservation_id),
  FOREIGN KEY (tenant_id, file_id) REFERENCES file (tenant_id, id),
  FOREIGN KEY (tenant_id, reservation_id) REFERENCES reservation (tenant_id, id)
) {strict}

CREATE INDEX upload_open ON upload (expires_at) WHERE state = 'open'

CREATE TABLE job (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  kind {text} NOT NULL,
  subject_id {uuid} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
  run_at {time} NOT NULL,
  attempts {small} NOT NULL DEFAULT 0,
  lease_until {time},
  last_error {text},
  created_at {time} NOT NULL,
  PRIMARY KEY (tenant_id, id)
) {strict}

CREATE INDEX job_ready ON job (run_at) WHERE state = 'queued'

CREATE INDEX job_leased ON job (lease_until) WHERE state = 'running'

CREATE TABLE verification (
  tenant_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  "full" {bool} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('RUNNING', 'DONE', 'FAILED')),
  verdict {text},
  assurance {text},
  size {int} NOT NULL,
  first_bad_seq {int},
  damage {text},
  reason {text},
  recorded_hash {text},
  recomputed_hash {text},
  started_at {time} NOT NULL,
  finished_at {time},
  PRIMARY KEY (tenant_id, id)
) {strict}

CREATE TABLE audit_outbox (
  id {serial},
  tenant_id {uuid} NOT NULL,
  event_id {uuid} NOT NULL,
  draft {bytes} NOT NULL,
  disclosures {text} NOT NULL,
  created_at {time} NOT NULL
) {strict}

CREATE INDEX audit_outbox_of_tenant ON audit_outbox (tenant_id, id)

CREATE TABLE audit_head (
  tenant_id {uuid} NOT NULL,
  epoch {small} NOT NULL,
  size {int} NOT NULL,
  last_hash {bytes} NOT NULL,
  last_ts {time} NOT NULL,
  min_seq {int} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('ok', 'quarantined', 'closed')),
  PRIMARY KEY (tenant_id, epoch)
) {strict}

CREATE TABLE audit_entry (
  tenant_id {uuid} NOT NULL,
  epoch {small} NOT NULL,
  seq {int} NOT NULL,
  event_id {uuid} NOT NULL,
  leaf {bytes} NOT NULL,
  raw {bytes} NOT NULL,
  action {text} NOT NULL,
  outcome {text} NOT NULL,
  actor_type {text} NOT NULL,
  actor_id {text} NOT NULL,
  occurred_at {time} NOT NULL,
  sequenced_at {time} NOT NULL,
  PRIMARY KEY (tenant_id, epoch, seq)
) {strict}

CREATE UNIQUE INDEX audit_entry_by_event ON audit_entry (tenant_id, event_id)

CREATE TABLE audit_target (
  tenant_id {uuid} NOT NULL,
  epoch {small} NOT NULL,
  seq {int} NOT NULL,
  position {small} NOT NULL,
  target_type {text} NOT NULL,
  target_id {uuid} NOT NULL,
  PRIMARY KEY (tenant_id, epoch, seq, position)
) {strict}

CREATE INDEX audit_target_by_id ON audit_target (tenant_id, target_id, seq)

CREATE TABLE audit_disclosure (
  tenant_id {uuid} NOT NULL,
  epoch {small} NOT NULL,
  seq {int} NOT NULL,
  field {text} NOT NULL,
  disclosure {text} NOT NULL,
  PRIMARY KEY (tenant_id, epoch, seq, field)
) {strict}

CREATE TABLE audit_key (
  tenant_id {uuid} NOT NULL,
  epoch {small} NOT NULL,
  key_no {small} NOT NULL,
  master_no {small} NOT NULL,
  sealed {bytes} NOT NULL,
  public {bytes} NOT NULL,
  created_at {time} NOT NULL,
  retired_at {time},
  PRIMARY KEY (tenant_id, epoch, key_no)
) {strict}

CREATE TABLE audit_quarantine (
  tenant_id {uuid} NOT NULL,
  event_id {uuid} NOT NULL,
  epoch {small} NOT NULL,
  draft {bytes} NOT NULL,
  disclosures {text} NOT NULL,
  reason {text} NOT NULL,
  quarantined_at {time} NOT NULL,
  PRIMARY KEY (tenant_id, event_id)
) {strict}

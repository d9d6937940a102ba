{row_level_security tenant id}

{row_level_security member}

{row_level_security usage_counter}

{row_level_security reservation}

{row_level_security invitation}

{row_level_security api_key}

{row_level_security file}

{row_level_security upload}

{row_level_security job}

{row_level_security verification}

{row_level_security audit_outbox}

{row_level_security audit_head}

{row_level_security audit_entry}

{row_level_security audit_target}

{row_level_security audit_disclosure}

{row_level_security audit_key}

{row_level_security audit_quarantine}

{row_level_security audit_tile}

{row_level_security audit_checkpoint}

{row_level_security audit_hold}

{row_level_security audit_removal}

{row_level_security audit_export}

{postgres} CREATE FUNCTION auth_api_key(wanted_public_id text)
RETURNS TABLE (id uuid, tenant_id uuid, mac bytea, pepper_no integer, scopes text, cidrs text,
  expires_at timestamptz, revoked_at timestamptz, created_by uuid, user_id uuid, role text, removed_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  entered text := coalesce(current_setting('app.tenant_id', true), '');
BEGIN
  PERFORM set_config('app.tenant_id', '*', true);
  RETURN QUERY SELECT k.id, k.tenant_id, k.mac, k.pepper_no, k.scopes, k.cidrs,
    k.expires_at, k.revoked_at, k.created_by, m.user_id, m.role, m.removed_at
  FROM api_key k JOIN member m ON m.tenant_id = k.tenant_id AND m.id = k.created_by
  WHERE k.public_id = wanted_public_id;
  PERFORM set_config('app.tenant_id', entered, true);
END $$

{postgres} CREATE FUNCTION auth_session(wanted_token_hash bytea)
RETURNS TABLE (id uuid, user_id uuid, email text, tenant_id uuid, last_seen_at timestamptz,
  expires_at timestamptz, member_id uuid, role text, removed_at timestamptz, status text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  entered text := coalesce(current_setting('app.tenant_id', true), '');
BEGIN
  PERFORM set_config('app.tenant_id', '*', true);
  RETURN QUERY SELECT s.id, s.user_id, u.email, s.tenant_id, s.last_seen_at, s.expires_at,
    m.id, m.role, m.removed_at, t.status
  FROM session s JOIN "user" u ON u.id = s.user_id
  LEFT JOIN member m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id
  LEFT JOIN tenant t ON t.id = s.tenant_id
  WHERE s.token_hash = wanted_token_hash;
  PERFORM set_config('app.tenant_id', entered, true);
END $$

{postgres} CREATE FUNCTION auth_invitation(wanted_token_hash bytea, at_time timestamptz)
RETURNS TABLE (tenant_id uuid, id uuid, email text, role text, reservation_id uuid, user_id uuid,
  password_hash text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  entered text := coalesce(current_setting('app.tenant_id', true), '');
BEGIN
  PERFORM set_config('app.tenant_id', '*', true);
  RETURN QUERY SELECT i.tenant_id, i.id, i.email, i.role, i.reservation_id, u.id, u.password_hash
  FROM invitation i LEFT JOIN "user" u ON u.email = i.email
  WHERE i.token_hash = wanted_token_hash AND i.accepted_at IS NULL AND i.revoked_at IS NULL
    AND i.expires_at > at_time;
  PERFORM set_config('app.tenant_id', entered, true);
END $$

{postgres} CREATE FUNCTION auth_memberships(wanted_user_id uuid)
RETURNS TABLE (id uuid, tenant_id uuid, role text, email text, name text, created_at timestamptz,
  slug text, tenant_name text, status text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  entered text := coalesce(current_setting('app.tenant_id', true), '');
BEGIN
  PERFORM set_config('app.tenant_id', '*', true);
  RETURN QUERY SELECT m.id, m.tenant_id, m.role, u.email, u.name, m.created_at, t.slug, t.name, t.status
  FROM member m JOIN tenant t ON t.id = m.tenant_id JOIN "user" u ON u.id = m.user_id
  WHERE m.user_id = wanted_user_id AND m.removed_at IS NULL ORDER BY m.id;
  PERFORM set_config('app.tenant_id', entered, true);
END $$

{postgres} REVOKE ALL ON FUNCTION auth_api_key(text), auth_session(bytea),
  auth_invitation(bytea, timestamptz), auth_memberships(uuid) FROM PUBLIC

ALTER TABLE operator_session ADD COLUMN last_seen_at {time}

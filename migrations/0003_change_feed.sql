-- Every change that a gateway may have cached raises a notification `<topic>:<id>` on channel chartgate_changes,
-- whoever wrote the row: the gateways, psql, a restore.

create function notify_change() returns trigger language plpgsql as $$
declare
  topic text := tg_argv[0];
  key_column text := tg_argv[1];
  changed jsonb;
begin
  if tg_op <> 'INSERT' then
    changed := to_jsonb(old);
    perform pg_notify('chartgate_changes', topic || ':' || coalesce(changed ->> key_column, ''));
  end if;
  if tg_op <> 'DELETE' then
    changed := to_jsonb(new);
    perform pg_notify('chartgate_changes', topic || ':' || coalesce(changed ->> key_column, ''));
  end if;
  return null;
end
$$;

create function notify_truncate() returns trigger language plpgsql as $$
begin
  perform pg_notify('chartgate_changes', 'everything:');
  return null;
end
$$;

create trigger users_changed after insert or update or delete on users
  for each row execute function notify_change('users', 'id');
create trigger projects_changed after insert or update or delete on projects
  for each row execute function notify_change('projects', 'id');
create trigger project_metadata_changed after insert or update or delete on project_metadata
  for each row execute function notify_change('projects', 'project_id');
create trigger project_members_changed after insert or update or delete on project_members
  for each row execute function notify_change('members', 'project_id');
create trigger robots_changed after insert or update or delete on robots
  for each row execute function notify_change('robots', 'id');
create trigger robot_permissions_changed after insert or update or delete on robot_permissions
  for each row execute function notify_change('robots', 'robot_id');
create trigger signing_keys_changed after insert or update or delete on signing_keys
  for each row execute function notify_change('signing_keys', 'kid');

create trigger users_truncated after truncate on users
  for each statement execute function notify_truncate();
create trigger projects_truncated after truncate on projects
  for each statement execute function notify_truncate();
create trigger project_metadata_truncated after truncate on project_metadata
  for each statement execute function notify_truncate();
create trigger project_members_truncated after truncate on project_members
  for each statement execute function notify_truncate();
create trigger robots_truncated after truncate on robots
  for each statement execute function notify_truncate();
create trigger robot_permissions_truncated after truncate on robot_permissions
  for each statement execute function notify_truncate();
create trigger signing_keys_truncated after truncate on signing_keys
  for each statement execute function notify_truncate();

-- A new password or secret ends every token that was issued under the old one.
create function raise_credential_version() returns trigger language plpgsql as $$
begin
  new.credential_version := old.credential_version + 1;
  return new;
end
$$;

create trigger users_credential_version before update of password_hash on users
  for each row when (old.password_hash is distinct from new.password_hash)
  execute function raise_credential_version();
create trigger robots_credential_version before update of secret_hash on robots
  for each row when (old.secret_hash is distinct from new.secret_hash)
  execute function raise_credential_version();

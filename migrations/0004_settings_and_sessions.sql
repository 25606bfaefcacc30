-- What system admins decide at run time: one row, by the names of Harbor's configuration. What it may hold is decided
-- here, whoever writes it.
create table settings (
  is_only boolean primary key default true check (is_only),
  project_creation_restriction text not null default 'everyone'
    check (project_creation_restriction in ('everyone', 'adminonly')),
  self_registration boolean not null default false,
  -- minutes without a request until a session ends
  session_timeout integer not null default 60 check (session_timeout between 1 and 10080),
  -- minutes
  token_expiration integer not null default 30 check (token_expiration between 1 and 1440),
  -- days; -1: for ever
  robot_token_duration integer not null default 30
    check (robot_token_duration = -1 or robot_token_duration between 1 and 36500),
  read_only boolean not null default false,
  banner_message text not null default '' check (length(banner_message) <= 4096),
  quota_per_project_enable boolean not null default true,
  -- bytes; -1: no limit. No more than a number of JavaScript can hold.
  storage_per_project bigint not null default -1
    check (storage_per_project = -1 or storage_per_project between 1 and 9007199254740991),
  updated_at timestamptz not null default now()
);

insert into settings default values;

create trigger settings_changed after insert or update or delete on settings
  for each row execute function notify_change('settings', 'is_only');
create trigger settings_truncated after truncate on settings
  for each statement execute function notify_truncate();

-- Sessions of browsers, where there is no Redis. They are read at every request, so that nothing needs to be announced.
create table sessions (
  -- of the id, which only the browser has
  id_sha256 bytea primary key check (length(id_sha256) = 32),
  user_id integer not null references users (id) on delete cascade,
  -- the one that it was opened under: a new password ends it
  credential_version integer not null,
  created_at timestamptz not null,
  used_at timestamptz not null,
  -- from then on the row is of no use
  expires_at timestamptz not null
);

create index sessions_expires_at on sessions (expires_at);
create index sessions_user on sessions (user_id);

-- When the same password or secret got another hash (those of Harbor become argon2id): only such a write leaves the
-- tokens and sessions alone that were issued before.
alter table users add column rehashed_at timestamptz;
alter table robots add column rehashed_at timestamptz;

drop trigger users_credential_version on users;
create trigger users_credential_version before update of password_hash on users
  for each row when (
    old.password_hash is distinct from new.password_hash
    and old.rehashed_at is not distinct from new.rehashed_at
  )
  execute function raise_credential_version();

drop trigger robots_credential_version on robots;
create trigger robots_credential_version before update of secret_hash on robots
  for each row when (
    old.secret_hash is distinct from new.secret_hash
    and old.rehashed_at is not distinct from new.rehashed_at
  )
  execute function raise_credential_version();

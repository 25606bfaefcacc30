-- Who did what to which chart. Names are copied, not referenced: the log outlives what it tells of.

create table audit_log (
  id bigint generated always as identity primary key,
  op_time timestamptz not null,
  principal_kind text not null check (principal_kind in ('anonymous', 'user', 'robot')),
  principal_id integer,
  -- '' for anonymous
  username text not null,
  project_id integer,
  project_name text not null,
  operation text not null check (operation in ('create', 'pull', 'delete')),
  resource_type text not null default 'chart',
  -- project/chart:version, as Harbor writes it
  resource text not null,
  chart text not null,
  version text not null,
  -- the HTTP status that was answered
  status smallint not null,
  request_id text not null,
  source_address text not null
);

create index audit_log_time on audit_log (op_time desc, id desc);
create index audit_log_project_time on audit_log (project_id, op_time desc, id desc);

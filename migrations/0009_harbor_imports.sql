-- What came from a Harbor, so that another run adds only what is new, and never brings back what was removed here since.

create table harbor_imports (
  -- which Harbor: when its admin was made, which a dump and an upgrade keep
  source text not null check (length(source) between 1 and 255),
  kind text not null check (
    kind in ('user', 'admin_password', 'group', 'project', 'member', 'robot', 'label', 'chart_label', 'chart')
  ),
  -- its id there; of a chart, which has none: project/file
  source_key text not null check (length(source_key) between 1 and 1024),
  -- its id here, also of what was here before under the same name. Not a reference: it outlives the row. null: it has none
  target_id integer,
  imported_at timestamptz not null default now(),
  primary key (source, kind, source_key)
);

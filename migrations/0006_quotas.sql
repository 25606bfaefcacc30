-- What a project may hold. -1: no limit. A quota has the id of its project, so it needs no row of its own.
alter table projects
  -- of packages and provenance; no more than a number of JavaScript can hold
  add column max_bytes bigint not null default -1
    constraint projects_max_bytes_check
    check (max_bytes = -1 or max_bytes between 1 and 9007199254740991),
  add column max_versions integer not null default -1
    constraint projects_max_versions_check check (max_versions = -1 or max_versions > 0);

create index projects_max_bytes on projects (max_bytes, id) where deleted_at is null;
create index projects_max_versions on projects (max_versions, id) where deleted_at is null;

-- Two settings that uploads depend on (docs/projects.md).
alter table project_metadata
  add constraint project_metadata_immutable_check
    check (name <> 'immutable' or value in ('true', 'false')),
  add constraint project_metadata_max_upload_size_check
    check (name <> 'max_upload_size' or value ~ '^(-1|[1-9][0-9]{0,14})$');

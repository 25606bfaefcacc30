-- A line of the audit log is written for each download, and its indexes cost more than the line. Ascending, because lines
-- come in the order of their time: a new one goes to the end of what is there, on a page that is in memory, and pages are
-- left full. They are read backwards.
drop index audit_log_time;
drop index audit_log_project_time;
drop index audit_log_username;
drop index audit_log_operation;
drop index audit_log_resource_type;
drop index audit_log_resource;
create index audit_log_time on audit_log (op_time, id);
create index audit_log_project_time on audit_log (project_id, op_time, id);
create index audit_log_username on audit_log (username, op_time, id);
create index audit_log_resource on audit_log (resource, op_time, id);
-- Downloads, which are most lines, are found by their time.
create index audit_log_operation on audit_log (operation, op_time, id) where operation <> 'pull';
create index audit_log_resource_type on audit_log (resource_type, op_time, id) where resource_type <> 'chart';

-- What lines tell of, each name once: a part of a name is looked for in the names, and not in the lines.
create table audit_resources (
  resource text primary key
);

insert into audit_resources select distinct resource from audit_log;

-- In the order of the names, so that two writers who add the same ones wait for each other, and not in a circle.
create function add_audit_resources() returns trigger language plpgsql as $$
begin
  insert into audit_resources
  select distinct resource from added order by resource
  on conflict do nothing;
  return null;
end
$$;

create trigger add_audit_resources after insert on audit_log
  referencing new table as added
  for each statement execute function add_audit_resources();

drop index if exists audit_log_resource_parts;

-- It only makes parts of names fast: a Postgres without the extension will do (0010).
do $$
begin
  create index audit_resources_parts on audit_resources using gin (lower(resource) gin_trgm_ops);
exception
  when undefined_object then
    raise notice 'the audit log has no index for parts of names: %', sqlerrm;
end
$$;

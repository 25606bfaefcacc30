-- One for each field that the log is filtered by: the newest lines of one value are read in their order.
create index audit_log_username on audit_log (username, op_time desc, id desc);
create index audit_log_operation on audit_log (operation, op_time desc, id desc);
create index audit_log_resource_type on audit_log (resource_type, op_time desc, id desc);
create index audit_log_resource on audit_log (resource, op_time desc, id desc);

-- For parts of names. It only makes them fast: a Postgres without the extension, or a role that may not create it, will do.
do $$
begin
  create extension if not exists pg_trgm;
  create index audit_log_resource_parts on audit_log using gin (lower(resource) gin_trgm_ops);
exception
  when insufficient_privilege or feature_not_supported or undefined_file or undefined_object then
    raise notice 'the audit log has no index for parts of names: %', sqlerrm;
end
$$;

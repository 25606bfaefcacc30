-- The audit log tells of more than charts.

alter table audit_log
  drop constraint audit_log_operation_check,
  add check (operation in ('create', 'pull', 'delete', 'update', 'login', 'logout')),
  -- what the rest does not show: the new role of a member
  add column detail text not null default '';

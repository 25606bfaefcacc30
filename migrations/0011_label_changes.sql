-- Gateways keep the labels of charts. A label of all projects has no project: everything is then suspect.
create trigger labels_changed after insert or update or delete on labels
  for each row execute function notify_change('labels', 'project_id');
create trigger chart_version_labels_changed after insert or update or delete on chart_version_labels
  for each row execute function notify_change('labels', 'project_id');
create trigger labels_truncated after truncate on labels
  for each statement execute function notify_truncate();
create trigger chart_version_labels_truncated after truncate on chart_version_labels
  for each statement execute function notify_truncate();

-- Paths in a file, one a line, are asked for in turn; without a file, the path of the URL.
function init(args)
  if args[1] == nil then return end
  local requests = {}
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format(nil, path)
  end
  local next = 0
  request = function()
    next = next % #requests + 1
    return requests[next]
  end
end

-- One line of JSON: wrk's own text rounds, and has no 99.9th percentile.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"bytes":%d,"refused":%d,"broken":%d,"p50Ms":%f,"p99Ms":%f,"p999Ms":%f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3
  ))
end

-- What wrk sends, and what it says at the end. The file that WRK_JOB names is written by wrk.ts.
local job = dofile(os.getenv('WRK_JOB'))

-- Each thread has one of the servers, in turns.
local threads = 0
function setup(thread)
  local address = job.addresses[threads % #job.addresses + 1]
  thread.addr = wrk.lookup(address.host, address.port)[1]
  threads = threads + 1
end

local head = table.concat({
  'POST ' .. job.path .. ' HTTP/1.1',
  'Host: ' .. job.addresses[1].host,
  'Authorization: Bearer ' .. job.rootKey,
  'Content-Type: application/json',
  'Content-Length: ',
}, '\r\n')

local sent = job.from

if job.numbered then
  -- One text whose number goes up: as many bodies as it takes, and none of them made before.
  local numbered = job.numbered
  local start = head .. numbered.bytes .. '\r\n\r\n' .. numbered.before
  function request()
    local number = numbered.first + sent % numbered.count
    sent = sent + 1
    return start .. string.format('%0' .. numbered.digits .. 'd', number) .. numbered.after
  end
else
  local requests = {}
  for index, body in ipairs(job.bodies) do requests[index] = head .. #body .. '\r\n\r\n' .. body end
  function request()
    sent = sent + 1
    return requests[sent % #requests + 1]
  end
end

function done(summary, latency)
  local failures = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"p999":%d,"refused":%d,"lost":%d}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    failures.status, failures.connect + failures.read + failures.write + failures.timeout
  ))
end

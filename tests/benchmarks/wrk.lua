-- What wrk asks for: the addresses of a file, one after the other, each from another visitor; and what it was answered.
-- Called as: wrk … URL -- FILE once|again STATUSES FIRST_VISITOR. "once": it stops where the file ends.

local ffi = require("ffi")
ffi.cdef([[
  typedef struct { long seconds, nanoseconds; } bench_time;
  int clock_gettime(int clock, bench_time *time);
]])

local time = ffi.new("bench_time")

local function now()
  ffi.C.clock_gettime(1, time) -- monotonic
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

-- Global, so that done() can read them out of the thread.
asked, answered, wrong, wrong_status, first_at, last_at, ran_out = 0, 0, 0, 0, 0, 0, 0

local paths, expected = {}, {}
local is_again, visitor

function init(args)
  for path in io.lines(args[1]) do
    table.insert(paths, path)
  end
  is_again = args[2] == "again"
  for status in args[3]:gmatch("%d+") do
    expected[tonumber(status)] = true
  end
  visitor = tonumber(args[4])
  wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
end

function request()
  if asked >= #paths and not is_again then
    -- What is asked for after the end is not counted.
    ran_out = 1
    wrk.thread:stop()
  end
  local path = paths[asked % #paths + 1]
  asked = asked + 1
  visitor = visitor + 1
  wrk.headers["X-Forwarded-For"] = string.format(
    "10.%d.%d.%d", math.floor(visitor / 65536) % 256, math.floor(visitor / 256) % 256, visitor % 256
  )
  return wrk.format("GET", path)
end

function response(status)
  if ran_out == 1 then
    return
  end
  last_at = now()
  if answered == 0 then
    first_at = last_at
  end
  answered = answered + 1
  if not expected[status] then
    wrong, wrong_status = wrong + 1, status
  end
end

function done(summary, latency)
  local thread, errors = threads[1], summary.errors
  io.write(string.format(
    '\n{"asked": %d, "answered": %d, "wrong": %d, "wrong_status": %d, "ran_out": %d, "seconds": %.6f,'
      .. ' "broken": %d, "p50": %.6f, "p99": %.6f}\n',
    thread:get("asked"), thread:get("answered"), thread:get("wrong"), thread:get("wrong_status"),
    thread:get("ran_out"), thread:get("last_at") - thread:get("first_at"),
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6
  ))
end

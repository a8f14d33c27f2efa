-- Requests for wrk, made from a list: each takes the next value, and a number that no other request has.
--
-- wrk … URL -- METHOD PATH VALUES FIRST [BODY …]
--
-- VALUES is a file with one value a line; FIRST is the number of the first request. {value} and {n} in the path
-- and the body are filled in. Once every value has had its turn, the next body is used, and after the last the
-- first again. The last line printed is what was measured, as JSON; "next" is the number of the first request of
-- a run that continues this one.

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   local base = wrk.path == "/" and "" or wrk.path -- a URL without a path gets one from wrk
   method, path, number = args[1], base .. args[2], tonumber(args[4])
   values, bodies = {}, {}
   for line in io.lines(args[3]) do
      values[#values + 1] = line
   end
   for index = 5, #args do
      bodies[#bodies + 1] = args[index]
   end
end

local function filled(template, known)
   return (template:gsub("{(%w+)}", known))
end

function request()
   local known = { value = values[number % #values + 1], n = string.format("%d", number) }
   local turn = math.floor(number / #values)
   local body = nil
   if #bodies > 0 then
      body = filled(bodies[turn % #bodies + 1], known)
   end
   number = number + 1
   return wrk.format(method, filled(path, known), nil, body)
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '{"requests": %d, "microseconds": %d, "bytes": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d, "next": %d}\n',
      summary.requests, summary.duration, summary.bytes, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(99), threads[1]:get("number")
   ))
end

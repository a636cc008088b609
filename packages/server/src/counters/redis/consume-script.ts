import { scriptOf } from './script.ts';

/**
 * The rule of domain/ratelimit/window.ts in Lua, whose numbers are the same doubles. Keys: a counter for each check, all
 * in one slot. Arguments: now, milliseconds for which a window is kept after it stops counting, then limit, duration and
 * cost of each check. Returns whether all passed (1 or 0), then for each check what remains (-1: it did not pass) and when
 * its window ends. A window is stored as three doubles: sequence, current, previous.
 */
export const consumeScript = scriptOf(`
local now, keptMs = tonumber(ARGV[1]), ARGV[2]

local function roll(key, duration)
  local sequence = math.floor(now / duration)
  local window = { sequence = sequence, current = 0, previous = 0, duration = duration, charged = 0 }
  local stored = redis.call('GET', key)
  if stored then
    local storedSequence, current, previous = struct.unpack('<ddd', stored)
    if storedSequence >= sequence then
      window.sequence, window.current, window.previous = storedSequence, current, previous
    elseif storedSequence == sequence - 1 then
      window.previous = current
    end
  end
  local elapsed = math.max(0, now - window.sequence * duration)
  window.weight = math.floor(window.previous * (1 - elapsed / duration))
  return window
end

local windows, reply, allPassed = {}, { 1 }, true
for index, key in ipairs(KEYS) do
  local limit, duration, cost = tonumber(ARGV[3 * index]), tonumber(ARGV[3 * index + 1]), tonumber(ARGV[3 * index + 2])
  local window = windows[key]
  if not window then
    window = roll(key, duration)
    windows[key] = window
  end
  local effective = window.current + window.charged + window.weight + cost
  if effective <= limit then
    window.charged = window.charged + cost
    reply[2 * index] = limit - effective
  else
    allPassed = false
    reply[2 * index] = -1
  end
  reply[2 * index + 1] = (window.sequence + 1) * duration
end

if allPassed then
  for key, window in pairs(windows) do
    if window.charged > 0 then
      local value = struct.pack('<ddd', window.sequence, window.current + window.charged, window.previous)
      local lifetime = (window.sequence + 2) * window.duration - now + keptMs
      redis.call('SET', key, value, 'PX', string.format('%.0f', lifetime))
    end
  end
else
  reply[1] = 0
  for index, key in ipairs(KEYS) do
    if reply[2 * index] >= 0 then
      reply[2 * index] = tonumber(ARGV[3 * index]) - windows[key].current - windows[key].weight
    end
  end
end
return reply
`);

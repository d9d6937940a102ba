-- Takes from several buckets at once, or from none. All times are whole microseconds of Redis' own clock.
--
-- KEYS  one per bucket: holds the time at which the bucket is whole again; absent while it is.
-- ARGV  per bucket two numbers: what it holds when it is whole, and what is taken (negative: given back).
--
-- Answers 1 or 0 for taken or not, then per bucket: how long until it is whole, how long until there would be enough.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local debts, waits = {}, {}
local taken = 1
for i, key in ipairs(KEYS) do
  local capacity = tonumber(ARGV[2 * i - 1])
  local charge = tonumber(ARGV[2 * i])
  local whole_at = tonumber(redis.call('GET', key) or now)
  -- Never more than empty, also after a failover to a clock that is behind, or when the limit was lowered.
  debts[i] = math.max(0, math.min(whole_at - now, capacity))
  waits[i] = 0
  if charge > 0 then
    waits[i] = math.max(0, debts[i] + charge - capacity)
  end
  if waits[i] > 0 then
    taken = 0
  end
end
local answer = { taken }
for i, key in ipairs(KEYS) do
  local charge = tonumber(ARGV[2 * i])
  if taken == 1 and charge ~= 0 then
    debts[i] = math.max(0, debts[i] + charge)
    if debts[i] == 0 then
      redis.call('DEL', key)
    else
      -- A number of this size would be written as 1.8e+15.
      local whole_at = string.format('%.0f', now + debts[i])
      redis.call('SET', key, whole_at, 'PX', math.ceil(debts[i] / 1000) + 1)
    end
  end
  answer[2 * i] = debts[i]
  answer[2 * i + 1] = waits[i]
end
return answer

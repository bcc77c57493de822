-- SPDX-License-Identifier: BSD-3-Clause
-- Throughput by RFC 2544, section 26.1: the highest rate at which nothing is lost, by bisection, confirmed
-- by a longer trial. Settings: those of trial.lua, and
--   EDGATE_PKTGEN_LOSS_PCT      loss that counts as none (default 0)
--   EDGATE_PKTGEN_STEP_PCT      stop when the interval is that narrow (default 0.1)
--   EDGATE_PKTGEN_CONFIRM_S     seconds of the confirming trial (default 60, as the RFC wants)
package.path = (os.getenv("EDGATE_PKTGEN_SCRIPTS") or "pktgen-scripts") .. "/?.lua;" .. package.path

local trial = require("trial")
local loss_pct = tonumber(os.getenv("EDGATE_PKTGEN_LOSS_PCT") or "0")
local step_pct = tonumber(os.getenv("EDGATE_PKTGEN_STEP_PCT") or "0.1")
local confirm_s = tonumber(os.getenv("EDGATE_PKTGEN_CONFIRM_S") or "60")

local function passes(r)
	return r.sent > 0 and 100 * r.lost <= loss_pct * r.sent
end

-- The highest rate known to pass, or nil.
local function bisect()
	local low, high = 0, 100
	local first = trial.run(high)

	trial.report("trial", first)
	if passes(first) then
		return high
	end
	while high - low > step_pct do
		local middle = (low + high) / 2
		local r = trial.run(middle)

		trial.report("trial", r)
		if passes(r) then
			low = middle
		else
			high = middle
		end
	end
	return low > 0 and low or nil
end

-- A rate that fails the long trial is lowered by a step, until one holds.
local function confirm(rate_pct)
	while rate_pct > 0 do
		local r = trial.run(rate_pct, confirm_s)

		trial.report("confirm", r)
		if passes(r) then
			return r
		end
		rate_pct = rate_pct - step_pct
	end
end

trial.begin()
local rate_pct = bisect()
local r = rate_pct and confirm(rate_pct)
if r then
	trial.say("throughput: %.4f %% of line rate, %.0f requests/s, confirmed for %d s", r.rate_pct, r.pps, confirm_s)
else
	trial.say("throughput: none: something was lost at every rate")
end
trial.finish()

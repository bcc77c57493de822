-- SPDX-License-Identifier: BSD-3-Clause
-- A ramp: from a low rate to a high one in equal steps, a line for each: where loss begins, and what is
-- still answered beyond. Settings: those of trial.lua, and
--   EDGATE_PKTGEN_FROM_PCT, EDGATE_PKTGEN_TO_PCT, EDGATE_PKTGEN_STEPS   (default 1, 100, 10)
package.path = (os.getenv("EDGATE_PKTGEN_SCRIPTS") or "pktgen-scripts") .. "/?.lua;" .. package.path

local trial = require("trial")
local from_pct = tonumber(os.getenv("EDGATE_PKTGEN_FROM_PCT") or "1")
local to_pct = tonumber(os.getenv("EDGATE_PKTGEN_TO_PCT") or "100")
local steps = tonumber(os.getenv("EDGATE_PKTGEN_STEPS") or "10")

trial.begin()
for i = 0, steps - 1 do
	local share = steps > 1 and i / (steps - 1) or 0

	trial.report("ramp", trial.run(from_pct + (to_pct - from_pct) * share))
end
trial.finish()

-- SPDX-License-Identifier: BSD-3-Clause
-- One trial of Pktgen-DPDK: sends the port's pcap (-s 0:FILE.pcap) at a share of its line rate for some
-- time, and counts what came back. An answer leaves by the port where its request came in, so one port is
-- sender and receiver. Pktgen does not look at answers: what they say, edgate-load checks.
--
-- Settings are environment variables, since a script of Pktgen has no arguments:
--   EDGATE_PKTGEN_PORT      port of Pktgen (default 0)
--   EDGATE_PKTGEN_SECONDS   of one trial (default 10)
--   EDGATE_PKTGEN_DRAIN_MS  wait for late answers (default 1000)
--   EDGATE_PKTGEN_OUT       file for the results too (default none)

local trial = {
	port = os.getenv("EDGATE_PKTGEN_PORT") or "0",
	seconds = tonumber(os.getenv("EDGATE_PKTGEN_SECONDS") or "10"),
	drain_ms = tonumber(os.getenv("EDGATE_PKTGEN_DRAIN_MS") or "1000"),
}

local out = os.getenv("EDGATE_PKTGEN_OUT") and assert(io.open(os.getenv("EDGATE_PKTGEN_OUT"), "w"))

function trial.say(...)
	local line = string.format(...)

	print(line)
	if out then
		out:write(line, "\n")
		out:flush()
	end
end

local function counts()
	return pktgen.portStats(trial.port, "port")[tonumber(trial.port)]
end

-- { rate_pct, sent, answered, lost, pps }. edgate announces its addresses once a minute, so a few frames
-- more may come back than were sent; that is no loss, and can hide one of a handful.
function trial.run(rate_pct, seconds)
	local duration = seconds or trial.seconds
	local stats

	pktgen.set(trial.port, "rate", rate_pct)
	pktgen.clr()
	pktgen.start(trial.port)
	pktgen.delay(duration * 1000)
	pktgen.stop(trial.port)
	pktgen.delay(trial.drain_ms)
	stats = counts()
	return {
		rate_pct = rate_pct,
		sent = stats.opackets,
		answered = stats.ipackets,
		lost = math.max(0, stats.opackets - stats.ipackets),
		pps = stats.opackets / duration,
	}
end

function trial.report(what, r)
	local lost_pct = r.sent > 0 and 100 * r.lost / r.sent or 0

	trial.say("%-8s rate %8.4f %%  sent %12d  answered %12d  lost %10d (%.4f %%)  %.0f packets/s", what,
		r.rate_pct, r.sent, r.answered, r.lost, lost_pct, r.pps)
end

function trial.begin()
	pktgen.screen("off")
	pktgen.set(trial.port, "count", 0)
	pktgen.pcap(trial.port, "on")
	-- rings and neighbours warm up, uncounted
	trial.run(1, 1)
end

function trial.finish()
	if out then
		out:close()
	end
	pktgen.quit()
end

return trial

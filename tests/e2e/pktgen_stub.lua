-- SPDX-License-Identifier: BSD-3-Clause
-- Stands in for Pktgen-DPDK 23.03: the functions that it registers (app/lpktgenlib.c), with the number of
-- arguments that each wants, in front of an appliance that answers CAPACITY frames a second of a line of
-- LINE frames a second. A function that Pktgen does not have is an error, as there.
local script, capacity, line = arg[1], tonumber(arg[2]), tonumber(arg[3])
local rate_pct, is_sending, sent, answered = 0, false, 0, 0
local settings = {count = true, size = true, rate = true, burst = true, sport = true, dport = true, ttl = true,
	prime = true, seq_cnt = true}

local function of_args(name, cnt, body)
	return function(...)
		assert(select("#", ...) == cnt, name .. ", wrong number of arguments")
		return body(...)
	end
end

local function on_off(name)
	return of_args(name, 2, function(ports, state)
		assert(type(ports) == "string" and (state == "on" or state == "off"), name)
	end)
end

local known = {
	set = of_args("set", 3, function(ports, what, value)
		assert(type(ports) == "string" and settings[what], "set does not support " .. tostring(what))
		assert(type(value) == "number", "set: a number")
		if what == "rate" then
			assert(value > 0 and value <= 100, "rate: " .. value)
			rate_pct = value
		end
	end),
	start = of_args("start", 1, function() is_sending = true end),
	stop = of_args("stop", 1, function() is_sending = false end),
	clr = of_args("clr", 0, function() sent, answered = 0, 0 end),
	delay = of_args("delay", 1, function(ms)
		local frames = is_sending and math.floor(line * rate_pct / 100 * ms / 1000) or 0

		assert(math.type(ms) == "integer" or ms == math.floor(ms), "delay: whole ms")
		sent = sent + frames
		answered = answered + math.min(frames, math.floor(capacity * ms / 1000))
	end),
	portStats = of_args("portStats", 2, function(ports, kind)
		assert(kind == "port" or kind == "rate", "portStats: " .. tostring(kind))
		return {[tonumber(ports)] = {opackets = sent, ipackets = answered}, n = 1}
	end),
	screen = of_args("screen", 1, function(state) assert(state == "on" or state == "off") end),
	pcap = on_off("pcap"),
	quit = of_args("quit", 0, function() print("quit") end),
}

pktgen = setmetatable({}, {__index = function(_, name)
	return known[name] or error("Pktgen has no " .. name)
end})
dofile(script)

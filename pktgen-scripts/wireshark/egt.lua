-- SPDX-License-Identifier: BSD-3-Clause
--
-- EGT/1 (docs/protocol.md, section 5) for Wireshark and tshark.
--
--   tshark -X lua_script:egt.lua -r FILE -Y 'egt.status == 9'
--
-- Or copy it into the folder that "Help, About Wireshark, Folders, Personal Lua Plugins" names. UDP
-- ports 25519 to 25582 are taken as EGT (the first one is a preference); on any other port a datagram
-- that begins like EGT is. Requests and answers are paired by their id.

local egt = Proto("egt", "EGT token verification")

local MAGIC, VERSION, BASE_PORT, PORTS = 0xe6a7, 1, 25519, 64
local HEADER, RECORD, ANSWER, SEAL, TAG, PONG = 16, 8, 12, 16, 16, 16
local RECORDS_MAX = 64

local TYPE = { [1] = "VERIFY", [2] = "VERIFY_R", [3] = "PING", [4] = "PING_R" }
local VERIFY, VERIFY_R, PING, PING_R = 1, 2, 3, 4
local FMT = { [0] = "detect", [1] = "JWT", [2] = "CWT", [3] = "PASETO" }
local STATUS = {
	[0] = "(reserved)", [1] = "OK", [2] = "MALFORMED", [3] = "UNSUPPORTED", [4] = "UNSUPPORTED_ALG",
	[5] = "UNSUPPORTED_CRIT", [6] = "BAD_TYP", [7] = "UNKNOWN_KEY", [8] = "BAD_SIGNATURE",
	[9] = "EXPIRED", [10] = "NOT_YET_VALID", [11] = "ISSUED_IN_FUTURE", [12] = "NO_EXP",
	[13] = "BAD_ISS", [14] = "BAD_AUD", [15] = "REVOKED", [16] = "SUSPENDED", [17] = "STATUS_UNKNOWN",
	[18] = "TOO_OLD", [19] = "CNF_REFUSED", [20] = "TOO_BIG", [21] = "RISK_DENIED",
	[64] = "OVERLOADED", [65] = "RATE_LIMITED", [66] = "NOT_READY", [67] = "UNKNOWN_POLICY",
	[68] = "BAD_VERSION", [69] = "STALE",
}
local RETRY_FIRST, RETRY_LAST = 64, 65 -- these tell when to come back
local DETAIL = {
	[0] = "NONE", [1] = "KEY", [2] = "ISSUER", [3] = "SUBJECT", [4] = "JTI", [5] = "CTI", [6] = "SID",
	[7] = "JKT", [8] = "LIST", [16] = "TOKEN", [17] = "HEADER", [18] = "PAYLOAD", [19] = "SIGNATURE",
	[20] = "ALG", [21] = "CTY", [22] = "TYP", [23] = "KID", [24] = "ISS", [25] = "SUB", [26] = "EXP",
	[27] = "NBF", [28] = "IAT", [29] = "AUD", [30] = "CNF", [31] = "STATUS",
}
local CLAIM = { [1] = "subject hash", [2] = "key index", [3] = "jkt", [4] = "scope", [5] = "risk score" }
local PONG_TLV = { [1] = "version", [2] = "RSS key", [3] = "RETA size" }
local STEERING = { [0] = "none", [1] = "destination port" }

-- ── fields ──

local f = {}

local function field(name, make, ...)
	f[name] = make("egt." .. name, ...)
end

field("magic", ProtoField.uint16, "Magic", base.HEX)
field("version", ProtoField.uint8, "Version")
field("type", ProtoField.uint8, "Type", base.DEC, TYPE)
field("flags", ProtoField.uint8, "Flags", base.HEX)
field("count", ProtoField.uint8, "Count")
field("length", ProtoField.uint16, "Length")
field("request_id", ProtoField.uint64, "Request id", base.HEX)
field("min_epoch", ProtoField.uint64, "Least epoch", base.HEX)
field("epoch", ProtoField.uint64, "Epoch", base.HEX)
field("epoch_generation", ProtoField.uint32, "Generation")
field("epoch_sequence", ProtoField.uint64, "Sequence")
field("padding", ProtoField.bytes, "Padding")
field("sealed", ProtoField.bytes, "Sealed part")
field("seal_client_id", ProtoField.uint32, "Client id", base.HEX)
field("seal_sender_id", ProtoField.uint32, "Sender id", base.HEX)
field("seal_seq", ProtoField.uint64, "Sequence number")
field("seal_tag", ProtoField.bytes, "Tag")
field("record", ProtoField.bytes, "Record")
field("token_length", ProtoField.uint16, "Token length")
field("fmt", ProtoField.uint8, "Format", base.DEC, FMT)
field("reserved", ProtoField.uint16, "Reserved", base.HEX)
field("policy_id", ProtoField.uint32, "Policy")
field("token", ProtoField.bytes, "Token")
field("answer", ProtoField.bytes, "Answer")
field("status", ProtoField.uint8, "Status", base.DEC, STATUS)
field("detail", ProtoField.uint8, "Detail", base.DEC, DETAIL)
field("rflags", ProtoField.uint16, "Flags", base.HEX)
field("exp", ProtoField.uint32, "Expires (s since 1970)")
field("cache_for", ProtoField.uint32, "May be remembered for (s)")
field("retry_after", ProtoField.uint32, "Retry after (ms)")
field("claims_length", ProtoField.uint16, "Claims length")
field("claim_type", ProtoField.uint8, "Claim", base.DEC, CLAIM)
field("tlv_type", ProtoField.uint8, "Type", base.DEC, PONG_TLV)
field("tlv_length", ProtoField.uint8, "Length")
field("tlv_value", ProtoField.bytes, "Value")
field("ready", ProtoField.uint8, "Ready")
field("steering", ProtoField.uint8, "Steering", base.DEC, STEERING)
field("shards", ProtoField.uint16, "Shards")
field("base_port", ProtoField.uint16, "Base port")
field("utc", ProtoField.uint64, "Time (s since 1970)")
field("server_version", ProtoField.string, "Server version")
field("response_in", ProtoField.framenum, "Answer in", base.NONE, frametype.RESPONSE)
field("response_to", ProtoField.framenum, "Request in", base.NONE, frametype.REQUEST)
field("time", ProtoField.relative_time, "Time since the request")

-- One boolean for each bit, from bit 0.
local function bits(parent, width, names)
	local made, mask = {}, 1
	for i, name in ipairs(names) do
		local key = parent .. "_" .. name:lower()
		field(key, ProtoField.bool, name, width, nil, mask)
		made[i] = f[key]
		mask = mask * 2
	end
	return made
end

local FLAGS = bits("flags", 8, { "SEALED", "WANT_CLAIMS", "NO_CACHE", "STRICT_ORDER", "MIN_EPOCH" })
local RFLAGS = bits("rflags", 16, { "SIG_CHECKED", "CACHED", "CNF_PRESENT", "LIST_STALE", "STATE_STALE",
	"STEER_MISS", "RISK_FLAGGED", "CLAIMS" })
local SEALED, MIN_EPOCH, CLAIMS = 0x01, 0x10, 0x80
-- What may be set, of a request of the type and of any answer.
local FLAGS_OF = { [VERIFY] = 0x1f, [PING] = SEALED, [VERIFY_R] = SEALED, [PING_R] = SEALED }

egt.fields = f

-- ── what is wrong ──

local wrong = {}

local function fault(name, text, severity)
	wrong[name] = ProtoExpert.new("egt.bad_" .. name, text, expert.group.MALFORMED,
		severity or expert.severity.ERROR)
end

fault("short", "Ends before what it says it holds")
fault("version", "Another version", expert.severity.WARN)
fault("type", "Neither a request nor an answer")
fault("flags", "Unknown flags, or flags that do not go with the type")
fault("count", "Count is not 1 to 64, or not 1 in a PING")
fault("length", "Length differs from that of the datagram")
fault("room", "Shorter than its answer would be")
fault("record", "A record runs over the end, or what must be 0 in it is not")
fault("padding", "Padding is not zero")
fault("status", "Unknown status: a client refuses it", expert.severity.WARN)
fault("trailing", "Bytes behind the end")

egt.experts = wrong

-- ── reading ──

local function has(flags, mask)
	return math.floor(flags / mask) % 2 == 1
end

-- The next bytes of a message; nil, and a fault, where there are not so many.
local Reader = {}
Reader.__index = Reader

function Reader.new(tvb, tree)
	return setmetatable({ tvb = tvb, tree = tree, at = 0, stop = tvb:captured_len() }, Reader)
end

function Reader:left()
	return self.stop - self.at
end

function Reader:take(n)
	if n > self:left() then
		self.tree:add_proto_expert_info(wrong.short)
		return nil
	end
	local range = self.tvb(self.at, n)
	self.at = self.at + n
	return range
end

-- What is left, or nil.
function Reader:rest()
	return self:left() > 0 and self:take(self:left()) or nil
end

local function add_bits(tree, which, range, made)
	local item = tree:add(which, range)
	for _, bit in ipairs(made) do
		item:add(bit, range)
	end
	return item
end

-- ── header ──

local function check_header(h, items, reported)
	if h.version ~= VERSION then
		items.version:add_proto_expert_info(wrong.version)
	end
	if not TYPE[h.type] then
		items.type:add_proto_expert_info(wrong.type)
	elseif h.flags > FLAGS_OF[h.type] then -- all of them are the lowest bits
		items.flags:add_proto_expert_info(wrong.flags)
	end
	if h.count < 1 or h.count > RECORDS_MAX or ((h.type == PING or h.type == PING_R) and h.count ~= 1) then
		items.count:add_proto_expert_info(wrong.count)
	end
	if h.length ~= reported then
		items.length:add_proto_expert_info(wrong.length)
	end
end

local function read_header(r, reported)
	local range = r:take(HEADER)
	if not range then
		return nil
	end
	local tree, items = r.tree, {}
	local h = {
		version = range(2, 1):uint(), type = range(3, 1):uint(), flags = range(4, 1):uint(),
		count = range(5, 1):uint(), length = range(6, 2):uint(), id = range(8, 8):uint64(),
	}
	tree:add(f.magic, range(0, 2))
	items.version = tree:add(f.version, range(2, 1))
	items.type = tree:add(f.type, range(3, 1))
	items.flags = add_bits(tree, f.flags, range(4, 1), FLAGS)
	items.count = tree:add(f.count, range(5, 1))
	items.length = tree:add(f.length, range(6, 2))
	tree:add(f.request_id, range(8, 8))
	check_header(h, items, reported)
	return h
end

local function read_sealed(r)
	local seal = r:take(SEAL)
	if not seal then
		return
	end
	r.tree:add(f.seal_client_id, seal(0, 4))
	r.tree:add(f.seal_sender_id, seal(4, 4))
	r.tree:add(f.seal_seq, seal(8, 8))
	local inside = r:take(math.max(r:left() - TAG, 0))
	if inside and inside:len() > 0 then
		r.tree:add(f.sealed, inside)
	end
	local tag = r:take(TAG)
	if tag then
		r.tree:add(f.seal_tag, tag)
	end
end

-- ── requests ──

local function read_record(r, h, number)
	local head = r:take(RECORD)
	if not head then
		return false
	end
	local length, fmt = head(0, 2):uint(), head(2, 1):uint()
	local item = r.tree:add(f.record, head)
	item:set_text(string.format("Record %d: %s, %d bytes", number, FMT[fmt] or "?", length))
	item:add(f.token_length, head(0, 2))
	item:add(f.fmt, head(2, 1))
	item:add(f.reserved, head(3, 1))
	item:add(f.policy_id, head(4, 4))
	if not FMT[fmt] or head(3, 1):uint() ~= 0 or (h.type == PING and length ~= 0) or length > r:left() then
		item:add_proto_expert_info(wrong.record)
	end
	if length > r:left() then
		return false
	end
	if length > 0 then
		item:add(f.token, r:take(length))
	end
	return true
end

local function read_padding(r)
	local padding = r:rest()
	if not padding then
		return
	end
	local item = r.tree:add(f.padding, padding)
	if padding:bytes():tohex():find("[^0]") then
		item:add_proto_expert_info(wrong.padding)
	end
end

local function read_request(r, h, reported)
	if has(h.flags, MIN_EPOCH) then
		local least = r:take(8)
		if not least then
			return
		end
		r.tree:add(f.min_epoch, least)
	end
	local need = HEADER + 8 + (h.type == PING and PONG or ANSWER * h.count)
	if reported < need then
		r.tree:add_proto_expert_info(wrong.room)
	end
	for i = 1, h.count do
		if not read_record(r, h, i) then
			return
		end
	end
	read_padding(r)
end

-- ── answers ──

local function read_answer(r, number)
	local range = r:take(ANSWER)
	if not range then
		return nil
	end
	local status, detail = range(0, 1):uint(), range(1, 1):uint()
	local name = STATUS[status] or tostring(status)
	local item = r.tree:add(f.answer, range)
	item:set_text(string.format("Answer %d: %s%s", number, name,
		detail ~= 0 and " (" .. (DETAIL[detail] or detail) .. ")" or ""))
	local status_item = item:add(f.status, range(0, 1))
	if status == 0 or not STATUS[status] then
		status_item:add_proto_expert_info(wrong.status)
	end
	item:add(f.detail, range(1, 1))
	add_bits(item, f.rflags, range(2, 2), RFLAGS)
	item:add(f.exp, range(4, 4))
	local retries = status >= RETRY_FIRST and status <= RETRY_LAST
	item:add(retries and f.retry_after or f.cache_for, range(8, 4))
	return { status = name, claims = has(range(2, 2):uint(), CLAIMS) }
end

-- Type, length and value, to the end of the reader.
local function read_tlvs(r, kind)
	while r:left() > 0 do
		local head = r:take(2)
		if not head then
			return
		end
		local length = head(1, 1):uint()
		local item = r.tree:add(kind, head(0, 1))
		item:add(f.tlv_length, head(1, 1))
		local value = r:take(length)
		if not value then
			return
		end
		if length > 0 and kind == f.tlv_type and head(0, 1):uint() == 1 then
			item:add(f.server_version, value)
		elseif length > 0 then
			item:add(f.tlv_value, value)
		end
	end
end

local function read_claims(r)
	local length = r:take(2)
	if not length then
		return
	end
	local item = r.tree:add(f.claims_length, length)
	local value = r:take(length:uint())
	if value and value:len() > 0 then
		read_tlvs(Reader.new(value:tvb(), item), f.claim_type)
	end
end

local function read_pong(r)
	local range = r:take(PONG)
	if not range then
		return
	end
	r.tree:add(f.ready, range(0, 1))
	r.tree:add(f.steering, range(1, 1))
	r.tree:add(f.shards, range(2, 2))
	r.tree:add(f.base_port, range(4, 2))
	r.tree:add(f.reserved, range(6, 2))
	r.tree:add(f.utc, range(8, 8))
	read_tlvs(r, f.tlv_type)
end

local function read_verdicts(r, h)
	local answers = {}
	for i = 1, h.count do
		answers[i] = read_answer(r, i)
		if not answers[i] then
			return answers
		end
	end
	for i = 1, h.count do
		if answers[i].claims then
			read_claims(r)
		end
	end
	local more = r:rest()
	if more then
		r.tree:add_tvb_expert_info(wrong.trailing, more)
	end
	return answers
end

-- Returns the statuses, in one text.
local function read_response(r, h)
	local epoch = r:take(8)
	if not epoch then
		return ""
	end
	local item = r.tree:add(f.epoch, epoch)
	item:add(f.epoch_generation, epoch(0, 2))
	item:add(f.epoch_sequence, epoch(2, 6))
	if h.type == PING_R then
		read_pong(r)
		return ""
	end
	local names = {}
	for _, answer in ipairs(read_verdicts(r, h)) do
		names[#names + 1] = answer.status
	end
	return table.concat(names, " ")
end

-- ── pairs ──

local asked, request_of, response_of = {}, {}, {}

function egt.init()
	asked, request_of, response_of = {}, {}, {}
end

-- The client's address and port with the id: what an answer echoes.
local function pair_key(address, port, id)
	return tostring(address) .. " " .. port .. " " .. tostring(id)
end

local function note_pair(pinfo, h, is_request)
	if pinfo.visited then
		return
	end
	if is_request then
		asked[pair_key(pinfo.src, pinfo.src_port, h.id)] = { number = pinfo.number, time = pinfo.abs_ts }
		return
	end
	local request = asked[pair_key(pinfo.dst, pinfo.dst_port, h.id)]
	if request then
		request_of[pinfo.number] = { number = request.number, seconds = pinfo.abs_ts - request.time }
		response_of[request.number] = pinfo.number
	end
end

local function show_pair(pinfo, tree)
	local request, response = request_of[pinfo.number], response_of[pinfo.number]
	if response then
		tree:add(f.response_in, response):set_generated()
	end
	if request then
		local whole = math.floor(request.seconds)
		tree:add(f.response_to, request.number):set_generated()
		tree:add(f.time, NSTime.new(whole, math.floor((request.seconds - whole) * 1e9))):set_generated()
	end
end

-- ── the dissector ──

local function is_egt(tvb)
	return tvb:captured_len() >= 2 and tvb(0, 2):uint() == MAGIC
end

function egt.dissector(tvb, pinfo, root)
	if not is_egt(tvb) then
		return 0
	end
	local reported = tvb:reported_len()
	local tree = root:add(egt, tvb())
	local r = Reader.new(tvb, tree)
	local h = read_header(r, reported)

	pinfo.cols.protocol = "EGT"
	if not h then
		return tvb:captured_len()
	end
	pinfo.cols.info = string.format("%s %d", TYPE[h.type] or "?", h.count)
	note_pair(pinfo, h, h.type % 2 == 1)
	show_pair(pinfo, tree)
	if h.version ~= VERSION or not TYPE[h.type] then
		return tvb:captured_len()
	end
	if has(h.flags, SEALED) then
		read_sealed(r)
	elseif h.type == VERIFY or h.type == PING then
		read_request(r, h, reported)
	else
		pinfo.cols.info:append(" " .. read_response(r, h))
	end
	return tvb:captured_len()
end

-- ── where it is looked for ──

egt.prefs.port = Pref.uint("First UDP port", BASE_PORT, "EGT is on this port and the 63 behind it")

local taken

local function take_ports()
	local udp = DissectorTable.get("udp.port")
	if taken then
		udp:remove(taken, egt)
	end
	taken = string.format("%d-%d", egt.prefs.port, egt.prefs.port + PORTS - 1)
	udp:add(taken, egt)
end

function egt.prefs_changed()
	take_ports()
end

-- On other ports only what could not well be anything else.
local function looks_like_egt(tvb, pinfo, root)
	if tvb:captured_len() < HEADER or not is_egt(tvb) or not TYPE[tvb(3, 1):uint()]
		or tvb(6, 2):uint() ~= tvb:reported_len() then
		return false
	end
	egt.dissector(tvb, pinfo, root)
	return true
end

take_ports()
egt:register_heuristic("udp", looks_like_egt)

-- Wireshark dissector for peng3dnet, version 2 of the protocol.
--
-- Copy it into the folder that Help > About Wireshark > Folders calls "Personal Lua Plugins", or try it with
--   tshark -X lua_script:peng3dnet.lua -r capture.pcapng
--
-- A connection is recognised by its first packet. It learns the names of packets from the handshake packet, shows
-- msgpack bodies as a tree, inflates those that are compressed, and puts packets together that several segments
-- carry. docs/reference/wireshark.md tells how to use it; clauses in comments are those of docs/reference/protocol.md.

local peng3dnet = Proto("peng3dnet", "peng3dnet")

local MIN_LENGTH = 6 -- id and flags (clause 1.1)
local HEADER = 10 -- length, id, flags
local MAX_DEPTH = 64 -- of the tree that is shown
local MAX_ITEMS = 5000 -- values of one packet that are shown

-- Packets of the protocol (clause 2.3).
local INTERNAL = {
  [1] = "peng3dnet:internal.hello",
  [2] = "peng3dnet:internal.settype",
  [3] = "peng3dnet:internal.handshake",
  [4] = "peng3dnet:internal.handshake.accept",
  [16] = "peng3dnet:internal.closeconn",
}

-- Packets of extensions, which are registered under no name: they are these where both sides have named the extension.
local CONTROL = {
  [17] = { extension = "heartbeat", name = "heartbeat:beat" }, -- clause 6.9
  [18] = { extension = "heartbeat", name = "heartbeat:answer" },
  [19] = { extension = "resume", name = "resume:acknowledgement" }, -- clause 6.10
  [20] = { extension = "resume", name = "resume:ticket" },
  [21] = { extension = "resume", name = "resume:resumed" },
}

local f = {
  length = ProtoField.uint32("peng3dnet.length", "Length", base.DEC, nil, nil, "Bytes that follow this field"),
  id = ProtoField.uint32("peng3dnet.id", "Packet id"),
  name = ProtoField.string("peng3dnet.name", "Packet name"),
  flags = ProtoField.uint16("peng3dnet.flags", "Flags", base.HEX),
  compressed = ProtoField.bool("peng3dnet.flags.compressed", "Compressed", 16, nil, 0x0001),
  encrypted = ProtoField.bool("peng3dnet.flags.aes", "Encrypted (reserved)", 16, nil, 0x0002),
  body = ProtoField.bytes("peng3dnet.body", "Body"),
  json = ProtoField.string("peng3dnet.json", "Body as JSON"),
  int = ProtoField.int64("peng3dnet.value.int", "Integer"),
  uint = ProtoField.uint64("peng3dnet.value.uint", "Integer"),
  float = ProtoField.double("peng3dnet.value.float", "Float"),
  bool = ProtoField.bool("peng3dnet.value.bool", "Boolean"),
  string = ProtoField.string("peng3dnet.value.string", "String", base.UNICODE),
  bytes = ProtoField.bytes("peng3dnet.value.bytes", "Bytes"),
  conntype = ProtoField.string("peng3dnet.conntype", "Connection type"),
  reason = ProtoField.string("peng3dnet.reason", "Close reason"),
  version = ProtoField.string("peng3dnet.version", "Version"),
  extension = ProtoField.string("peng3dnet.extension", "Extension"),
  beat_time = ProtoField.uint64("peng3dnet.heartbeat.time", "Server's time in microseconds"),
  beat_held = ProtoField.uint64("peng3dnet.heartbeat.held", "Microseconds since the answer to the beat before"),
  received = ProtoField.uint64("peng3dnet.resume.received", "Bytes of the other side's stream that have arrived"),
  window = ProtoField.double("peng3dnet.resume.window", "Seconds for which the session waits"),
  resumes = ProtoField.uint32("peng3dnet.resumes", "TCP stream that the session was on before"),
}
peng3dnet.fields = f

local e = {
  malformed = ProtoExpert.new("peng3dnet.malformed", "Malformed packet", expert.group.MALFORMED, expert.severity.ERROR),
  closed = ProtoExpert.new("peng3dnet.closed", "Connection is closed", expert.group.SEQUENCE, expert.severity.CHAT),
  unshown = ProtoExpert.new("peng3dnet.unshown", "Not everything is shown", expert.group.UNDECODED, expert.severity.NOTE),
}
peng3dnet.experts = { e.malformed, e.closed, e.unshown }

peng3dnet.prefs.ports = Pref.range("TCP ports", "", "Ports whose traffic is peng3dnet, whatever it begins with", 65535)
peng3dnet.prefs.limit = Pref.uint("Longest packet", 16 * 1024 * 1024, "In bytes; a longer one is taken for malformed")

local tcp_stream = Field.new("tcp.stream")

-- What is known of each TCP stream: names of packets, the connection type, and extensions by who named them.
local streams = {}
-- The TCP stream whose session a ticket was given to.
local tickets = {}

function peng3dnet.init()
  streams = {}
  tickets = {}
end

local function stream_state()
  local field = tcp_stream()
  local key = field and field.value or -1
  if streams[key] == nil then
    streams[key] = { key = key, names = {}, conntype = "classic", hello = {}, settype = {} }
  end
  return streams[key]
end

-- What an id means as a packet of an extension that both sides have named; nil: nothing.
local function control_of(state, id)
  local control = CONTROL[id]
  if control and state.hello[control.extension] and state.settype[control.extension] then
    return control
  end
  return nil
end

local function name_of(state, id)
  if INTERNAL[id] then
    return INTERNAL[id]
  end
  local control = control_of(state, id)
  if control then
    return control.name
  end
  -- A ping connection uses two ids without registering them (clause 2.6).
  if state.conntype == "ping" and (id == 64 or id == 65) then
    return id == 64 and "ping" or "pong"
  end
  return state.names[id]
end

-- ---- msgpack -----------------------------------------------------------------------------------------------------

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quote(text)
  return '"' .. text:gsub('[%z\1-\31"\\]', function(char)
    return ESCAPES[char] or string.format("\\u%04x", char:byte())
  end) .. '"'
end

-- What reading a body has in common: the bytes, where it stands, how much was read, and the JSON so far.
local Reader = {}
Reader.__index = Reader

local function new_reader(tvb)
  return setmetatable({ tvb = tvb, at = 0, items = 0, hidden = false, json = {} }, Reader)
end

function Reader:take(length)
  if self.at + length > self.tvb:len() then
    error({ peng3dnet = "the body ends within a value" })
  end
  local range = length > 0 and self.tvb(self.at, length) or nil
  self.at = self.at + length
  return range
end

function Reader:emit(text)
  self.json[#self.json + 1] = text
end

-- A leaf of the tree. Without a field, text alone.
function Reader:leaf(tree, label, from, field, value, shown)
  self:emit(shown)
  if tree == nil then
    return
  end
  local range = self.tvb(from, self.at - from)
  local item = field and tree:add(field, range, value) or tree:add(peng3dnet, range)
  item:set_text(label .. shown)
end

function Reader:text(length)
  local range = self:take(length)
  return range and range:raw() or ""
end

function Reader:container(tree, label, from, count, is_map, depth)
  local what = is_map and "map" or "array"
  local branch = nil
  if tree ~= nil then
    branch = tree:add(peng3dnet, self.tvb(from, self.at - from))
    branch:set_text(string.format("%s%s of %d", label, what, count))
  end
  if count > self.tvb:len() - self.at then
    error({ peng3dnet = "the body announces more values than it has bytes" })
  end
  self:emit(is_map and "{" or "[")
  local entries = {}
  for index = 1, count do
    if index > 1 then
      self:emit(",")
    end
    if is_map then
      local mark = #self.json
      local key = self:value(nil, "", depth + 1)
      if type(key) ~= "string" or self.json[mark + 1]:sub(1, 1) ~= '"' then
        error({ peng3dnet = "a key of a map is no string" })
      end
      self:emit(":")
      entries[key] = self:value(branch, key .. ": ", depth + 1)
    else
      entries[index] = self:value(branch, string.format("[%d] ", index - 1), depth + 1)
    end
  end
  self:emit(is_map and "}" or "]")
  if branch ~= nil then
    branch:set_len(self.at - from)
  end
  return entries
end

local SIZES = { [0] = 1, [1] = 2, [2] = 4, [3] = 8 }

-- Reads one value. Returns it, if it is a string, binary as hexadecimal digits, a number, or a map or array of such.
function Reader:value(tree, label, depth)
  if depth > 1024 then
    error({ peng3dnet = "the body is nested too deeply" })
  end
  self.items = self.items + 1
  if tree ~= nil and (self.items > MAX_ITEMS or depth > MAX_DEPTH) then
    self.hidden = true
    tree = nil
  end
  local from = self.at
  local head = self:take(1):uint()

  if head <= 0x7f then
    self:leaf(tree, label, from, f.uint, UInt64(head), tostring(head))
    return head
  elseif head >= 0xe0 then
    local number = head - 256
    self:leaf(tree, label, from, f.int, Int64(number), tostring(number))
    return number
  elseif head <= 0x8f then
    return self:container(tree, label, from, head - 0x80, true, depth)
  elseif head <= 0x9f then
    return self:container(tree, label, from, head - 0x90, false, depth)
  elseif head <= 0xbf or (head >= 0xd9 and head <= 0xdb) then
    local length = head - 0xa0
    if head >= 0xd9 then
      length = self:take(SIZES[head - 0xd9]):uint()
    end
    local text = self:text(length)
    self:leaf(tree, label, from, f.string, text, quote(text))
    return text
  elseif head == 0xc0 then
    self:leaf(tree, label, from, nil, nil, "null")
  elseif head == 0xc2 or head == 0xc3 then
    self:leaf(tree, label, from, f.bool, head == 0xc3, tostring(head == 0xc3))
  elseif head >= 0xc4 and head <= 0xc6 then
    local range = self:take(self:take(SIZES[head - 0xc4]):uint())
    local hex = range and range:bytes():tohex(true) or ""
    self:emit('{"$bin":"' .. hex .. '"}')
    if tree ~= nil then
      local whole = self.tvb(from, self.at - from)
      local item = range and tree:add(f.bytes, range) or tree:add(peng3dnet, whole)
      item:set_text(string.format("%s%d bytes: %s", label, #hex / 2, hex:sub(1, 64)))
    end
    return hex
  elseif head == 0xca or head == 0xcb then
    local number = self:take(head == 0xca and 4 or 8):float()
    local shown = string.format("%.17g", number)
    if number ~= number then
      shown = '{"$float":"NaN"}'
    elseif number == math.huge or number == -math.huge then
      shown = number > 0 and '{"$float":"Infinity"}' or '{"$float":"-Infinity"}'
    end
    self:leaf(tree, label, from, f.float, number, shown)
    return number
  elseif head >= 0xcc and head <= 0xcf then
    local number = self:take(SIZES[head - 0xcc]):uint64()
    self:leaf(tree, label, from, f.uint, number, tostring(number))
    return number:tonumber()
  elseif head >= 0xd0 and head <= 0xd3 then
    local number = self:take(SIZES[head - 0xd0]):int64()
    self:leaf(tree, label, from, f.int, number, tostring(number))
    return number:tonumber()
  elseif head == 0xdc or head == 0xdd then
    return self:container(tree, label, from, self:take(head == 0xdc and 2 or 4):uint(), false, depth)
  elseif head == 0xde or head == 0xdf then
    return self:container(tree, label, from, self:take(head == 0xde and 2 or 4):uint(), true, depth)
  else
    error({ peng3dnet = string.format("the body holds an extension type (0x%02x)", head) })
  end
end

-- ---- packets -----------------------------------------------------------------------------------------------------

-- Shows a body. Returns its value, and what it is as JSON.
local function show_body(tvb, tree)
  local reader = new_reader(tvb)
  local ok, result = pcall(reader.value, reader, tree, "", 0)
  if not ok then
    if type(result) ~= "table" then
      error(result, 0)
    end
    tree:add_proto_expert_info(e.malformed, result.peng3dnet)
    return nil, nil
  end
  if reader.at < tvb:len() then
    tree:add_proto_expert_info(e.malformed, "bytes follow the value")
  end
  if reader.hidden then
    tree:add_proto_expert_info(e.unshown, "the tree shows the first values only")
  end
  return result, table.concat(reader.json)
end

local function inflate(range)
  -- Wireshark 4.4 calls it uncompress_zlib.
  local ok, inflated = pcall(function()
    return range:uncompress_zlib("Inflated body")
  end)
  if not ok then
    ok, inflated = pcall(function()
      return range:uncompress("Inflated body")
    end)
  end
  if ok and inflated ~= nil then
    return inflated:tvb()
  end
  return nil
end

-- A whole number from 0, as a field of 64 bits.
local function add_count(tree, field, number)
  if type(number) == "number" and number >= 0 and number < 2 ^ 53 then
    tree:add(field, UInt64.new(number % 2 ^ 32, math.floor(number / 2 ^ 32))):set_generated()
  end
end

-- A ticket comes to stand for the session of a stream.
local function learn_ticket(state, ticket)
  if type(ticket) == "string" then
    tickets[ticket] = tickets[ticket] or state.key
  end
end

-- Shows a packet of an extension as fields of their own.
local function learn_control(state, id, value, tree)
  if id == 18 or id == 19 then
    add_count(tree, id == 18 and f.beat_time or f.received, value)
  end
  if type(value) ~= "table" then
    return
  end
  if id == 17 then
    add_count(tree, f.beat_time, value[1])
    add_count(tree, f.beat_held, value[2])
  elseif id == 20 then
    learn_ticket(state, value[1])
    if type(value[2]) == "number" then
      tree:add(f.window, value[2]):set_generated()
    end
  elseif id == 21 then
    add_count(tree, f.received, value[1])
    learn_ticket(state, value[2])
  end
end

-- A client comes back for a session: names and the connection type are as they were.
local function resume(state, parameters, tree)
  add_count(tree, f.received, parameters.received)
  local before = streams[tickets[parameters.ticket]]
  if before ~= nil and before ~= state then
    state.names = before.names
    state.settype = before.settype
    tree:add(f.resumes, before.key):set_generated()
  end
end

-- Remembers the extensions that a hello or settype names.
local function learn_extensions(state, named, extensions, tree)
  if type(extensions) ~= "table" then
    return
  end
  for extension, parameters in pairs(extensions) do
    if type(extension) == "string" and type(parameters) == "table" then
      named[extension] = true
    end
  end
  local sorted = {}
  for extension in pairs(named) do
    sorted[#sorted + 1] = extension
  end
  table.sort(sorted)
  for _, extension in ipairs(sorted) do
    tree:add(f.extension, extension):set_generated()
  end
  local resumed = extensions.resume
  if type(resumed) == "table" and type(resumed.ticket) == "string" then
    resume(state, resumed, tree)
  end
end

-- Remembers what a packet says about the connection, and shows it as fields of their own.
local function learn(state, id, value, tree)
  if control_of(state, id) then
    learn_control(state, id, value, tree)
    return
  end
  if type(value) ~= "table" then
    return
  end
  if id == 1 then
    learn_extensions(state, state.hello, value.ext, tree)
  elseif id == 2 then
    learn_extensions(state, state.settype, value.ext, tree)
  end
  if id == 2 and type(value.conntype) == "string" then
    state.conntype = value.conntype
    tree:add(f.conntype, value.conntype):set_generated()
  elseif id == 3 and type(value.registry) == "table" then
    for name, number in pairs(value.registry) do
      if type(number) == "number" and type(name) == "string" then
        state.names[number] = name
      end
    end
  elseif id == 16 then
    if type(value.reason) == "string" then
      tree:add(f.reason, value.reason):set_generated()
    end
    tree:add_proto_expert_info(e.closed)
  end
  if (id == 1 or id == 3) and type(value.version) == "string" then
    tree:add(f.version, value.version):set_generated()
  end
end

local function dissect_packet(tvb, pinfo, root)
  local state = stream_state()
  local length = tvb(0, 4):uint()
  local tree = root:add(peng3dnet, tvb())
  tree:add(f.length, tvb(0, 4))
  if length < MIN_LENGTH or length > peng3dnet.prefs.limit then
    tree:add_proto_expert_info(e.malformed, string.format("a length of %d bytes", length))
    pinfo.cols.info:append(" [malformed]")
    return tvb:len()
  end

  local id = tvb(4, 4):uint()
  local name = name_of(state, id)
  local shown = name or string.format("packet %d", id)
  tree:add(f.id, tvb(4, 4))
  if name ~= nil then
    tree:add(f.name, tvb(4, 4), name):set_generated()
  end
  local flags = tvb(8, 2):uint()
  local branch = tree:add(f.flags, tvb(8, 2))
  branch:add(f.compressed, tvb(8, 2))
  branch:add(f.encrypted, tvb(8, 2))

  local summary = nil
  if length > MIN_LENGTH then
    local range = tvb(HEADER, length - MIN_LENGTH)
    local body = tree:add(f.body, range)
    body:set_text(string.format("Body: %d bytes", range:len()))
    local inner = range:tvb()
    if bit.band(flags, 1) ~= 0 then
      inner = inflate(range)
      if inner == nil then
        tree:add_proto_expert_info(e.malformed, "the body is no zlib stream")
      else
        body:append_text(string.format(", inflated to %d", inner:len()))
      end
    end
    if bit.band(flags, 0xfffe) ~= 0 then
      tree:add_proto_expert_info(e.malformed, "a flag is set that is reserved")
    elseif inner ~= nil then
      local value, json = show_body(inner, body)
      if json ~= nil then
        tree:add(f.json, range, json):set_generated()
        summary = json
        learn(state, id, value, tree)
      end
    end
  else
    tree:add_proto_expert_info(e.malformed, "there is no body")
  end

  local text = shown:gsub("^peng3dnet:internal%.", "")
  if summary ~= nil then
    text = text .. " " .. (#summary > 60 and summary:sub(1, 57) .. "..." or summary)
  end
  tree:set_text("peng3dnet, " .. shown)
  pinfo.cols.info:append((pinfo.private.peng3dnet == "1" and ", " or "") .. text)
  pinfo.private.peng3dnet = "1"
  return tvb:len()
end

local function packet_length(tvb, _pinfo, offset)
  local length = tvb(offset, 4):uint()
  -- What cannot be a packet is shown as what is left of the segment.
  if length < MIN_LENGTH or length > peng3dnet.prefs.limit then
    return tvb:len() - offset
  end
  return 4 + length
end

function peng3dnet.dissector(tvb, pinfo, root)
  pinfo.cols.protocol = "peng3dnet"
  pinfo.cols.info = ""
  pinfo.private.peng3dnet = "0"
  dissect_tcp_pdus(tvb, root, 4, packet_length, dissect_packet)
  return tvb:len()
end

-- ---- which traffic -----------------------------------------------------------------------------------------------

-- A connection begins with a hello: id 1, no flags, a map with "protoversion".
local function is_hello(tvb)
  if tvb:len() < HEADER + 1 or tvb(4, 4):uint() ~= 1 or tvb(8, 2):uint() ~= 0 then
    return false
  end
  local length = tvb(0, 4):uint()
  local head = tvb(10, 1):uint()
  if length < 16 or length > 4096 or not ((head >= 0x81 and head <= 0x8f) or head == 0xde) then
    return false
  end
  return tvb(HEADER):raw():find("version", 1, true) ~= nil
end

local function heuristic(tvb, pinfo, root)
  if not is_hello(tvb) then
    return false
  end
  pinfo.conversation = peng3dnet
  peng3dnet.dissector(tvb, pinfo, root)
  return true
end

-- Within TLS, the conversation stays that of TLS, which asks for each record.
local function tls_heuristic(tvb, pinfo, root)
  local state = stream_state()
  if not state.within_tls and not is_hello(tvb) then
    return false
  end
  state.within_tls = true
  peng3dnet.dissector(tvb, pinfo, root)
  return true
end

peng3dnet:register_heuristic("tcp", heuristic)
peng3dnet:register_heuristic("tls", tls_heuristic)

local tcp_port = DissectorTable.get("tcp.port")
tcp_port:add_for_decode_as(peng3dnet)
pcall(function()
  DissectorTable.get("tls.port"):add_for_decode_as(peng3dnet)
end)

local registered = ""
function peng3dnet.prefs_changed()
  if registered ~= peng3dnet.prefs.ports then
    if registered ~= "" then
      tcp_port:remove(registered, peng3dnet)
    end
    registered = peng3dnet.prefs.ports
    if registered ~= "" then
      tcp_port:add(registered, peng3dnet)
    end
  end
end

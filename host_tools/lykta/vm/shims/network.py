"""The network of the virtual board: a station that scans, joins what is there, loses it, and decides ESP-NOW's channel; and a cable."""

import socket
from vboard import CABLE, RADIO_SET, WIFI, board

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = 203
STAT_CONNECT_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204
MODE_11B = 1
MODE_11G = 2
MODE_11N = 4
MODE_LR = 8

PHY_LAN8710 = 0
PHY_LAN8720 = 1
PHY_IP101 = 2
PHY_RTL8201 = 3
PHY_DP83848 = 4
PHY_KSZ8041 = 5

_LINK_MS = 2500  # negotiation of the link, DHCP
_SCAN_MS = 2400  # all channels, 120 ms and more on each
_JOIN_MS = 800  # association, handshake, DHCP
_EWIFI_STARTED = 0x3002
_EWIFI_STATE = 0x3006

#: Access points in reach: name -> (password, channel).
around = {}
_hostname = "mpy-esp32"
_country = "XX"


def hostname(name=None):
    """The name that DHCP is told, or set it."""
    global _hostname
    if name is None:
        return _hostname
    if len(name) > 32:
        raise ValueError
    _hostname = name


def country(code=None):
    """The two letters that decide channels and power, or set them."""
    global _country
    if code is None:
        return _country
    if len(code) != 2:
        raise ValueError
    _country = code


class WLAN:
    """An interface; there is one object for each."""

    IF_STA = 0
    IF_AP = 1
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2
    PROTOCOL_DEFAULT = 7
    PROTOCOL_LR = 8
    SEC_OPEN = 0
    SEC_WPA2 = 3
    SEC_WPA3 = 6
    SEC_WPA2_WPA3 = 7

    def __new__(cls, interface_id=0):
        if interface_id not in (0, 1):
            raise ValueError("invalid interface")
        if interface_id not in _interfaces:
            found = super().__new__(cls)
            found._id = interface_id
            found._active = False
            found._status = STAT_IDLE
            found._ssid = None
            found._key = None
            found._tries = 0
            found._alarm = None
            found._settings = {"channel": 1, "pm": cls.PM_PERFORMANCE, "reconnects": -1, "txpower": 20, "protocol": 7, "hidden": False}
            found.scanning_until = 0
            _interfaces[interface_id] = found
        return _interfaces[interface_id]

    def __init__(self, interface_id=0):
        pass

    def active(self, is_active=None):
        """Whether it is on, or switch it."""
        if is_active is None:
            return self._active
        self._active = bool(is_active)
        if not is_active:
            self._stop(STAT_IDLE)
        self._tell()
        return self._active

    def _tell(self):
        board.emit(RADIO_SET, self._settings["channel"], int(self.listening()))

    def listening(self):
        """Whether ESP-NOW hears frames: the station is on, does not scan, and power save is off (else it sleeps most of the time)."""
        return self._active and board.now >= self.scanning_until

    def connect(self, ssid=None, password=None, *, bssid=None):
        """Begin to join an access point; the channel is its channel from then on."""
        if not self._active:
            raise OSError(_EWIFI_STARTED, "Wifi Not Started")
        if self._status == STAT_CONNECTING:
            raise OSError("Wifi Internal State Error")
        self._ssid = ssid if ssid is not None else self._ssid
        self._key = password if ssid is not None else self._key
        self._tries = self._settings["reconnects"]
        self._scan()

    def _scan(self):
        self._status = STAT_CONNECTING
        self.scanning_until = board.now + _SCAN_MS
        self._at(_SCAN_MS, self._found)
        self._tell()

    def _at(self, ms, function):
        self._cancel()
        self._alarm = [board.now + ms, function]
        board.alarms.append(self._alarm)

    def _cancel(self):
        if self._alarm in board.alarms:
            board.alarms.remove(self._alarm)
        self._alarm = None

    def _found(self):
        there = around.get(self._ssid)
        if there is None:
            self._failed(STAT_NO_AP_FOUND)
            return
        self._settings["channel"] = there[1]
        self._tell()
        self._at(_JOIN_MS, self._joined)

    def _joined(self):
        there = around.get(self._ssid)
        if there is None:
            self._failed(STAT_NO_AP_FOUND)
        elif there[0] != self._key:
            self._failed(STAT_WRONG_PASSWORD)
        else:
            self._cancel()
            self._status = STAT_GOT_IP

    def _failed(self, status):
        """By itself it tries again for ever (`reconnects` -1), deaf to ESP-NOW all the while."""
        if self._tries:
            self._tries -= 1
            self._scan()
        else:
            self._stop(status)

    def _stop(self, status):
        self._cancel()
        self._status = status
        self.scanning_until = 0

    def changed(self):
        """What is in reach has changed."""
        if self._status == STAT_GOT_IP and around.get(self._ssid, ("", 0))[0] != self._key:
            self._tries = self._settings["reconnects"]
            self._failed(STAT_BEACON_TIMEOUT)

    def disconnect(self):
        """Leave the access point."""
        if not self._active:
            raise OSError(_EWIFI_STATE, "Wifi Not Started")
        self._stop(STAT_IDLE)

    def isconnected(self):
        """Whether it has an address."""
        return self._status == STAT_GOT_IP

    def status(self, param=None):
        """A STAT code; "rssi" only while connected."""
        if param is None:
            return self._status
        if param != "rssi":
            raise ValueError("unknown status param")
        if not self.isconnected():
            raise OSError("Wifi Not Connected")
        return -60

    def scan(self):
        """The access points in reach; blocks, and ESP-NOW hears nothing meanwhile."""
        if not self._active:
            raise OSError("Wifi Not Started")
        self.scanning_until = board.now + _SCAN_MS
        board.sleep(_SCAN_MS)
        return [(name.encode(), bytes(6), place[1], -60, 3, 0) for name, place in sorted(around.items())]

    def ifconfig(self, ip_mask_gateway_dns=None):
        """Address, mask, gateway and name server."""
        if self.isconnected():
            return ("192.168.4.2", "255.255.255.0", "192.168.4.1", "192.168.4.1")
        return ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")

    def config(self, param=None, **values):
        """One setting by its name, or set some. The channel of a joined station cannot be set."""
        if param is not None:
            if param == "mac":
                return board.mac if self._id == 0 else board.mac[:5] + bytes([board.mac[5] + 1])
            if param in ("ssid", "essid"):
                return self._ssid or ""
            if param not in self._settings:
                raise ValueError("unknown config param")
            return self._settings[param]
        for name, value in values.items():
            if name not in self._settings:
                raise ValueError("unknown config param")
            if name == "channel":
                if not self._active:
                    raise OSError("Wifi Not Started")
                if not 1 <= value <= 13 or self.isconnected():
                    raise OSError(0x102, "ESP_ERR_INVALID_ARG")
            self._settings[name] = value
        self._tell()


_interfaces = {}
socket.interfaces.append(WLAN(0))


class LAN:
    """Ethernet through a PHY; it has an address so long after both it is on and a cable is plugged in."""

    _plugged = [None]  # since when [ms]

    def __init__(self, id=0, *, mdc=None, mdio=None, power=None, phy_type=0, phy_addr=0, ref_clk_mode=0, ref_clk=None):
        if phy_type not in (PHY_LAN8720, PHY_LAN8710, PHY_IP101, PHY_RTL8201, PHY_DP83848, PHY_KSZ8041):
            raise ValueError("invalid phy type")
        self._on = None
        socket.interfaces.append(self)

    def active(self, is_active=None):
        """Whether it is on, or switch it."""
        if is_active is not None:
            self._on = (board.now if self._on is None else self._on) if is_active else None
        return self._on is not None

    def isconnected(self):
        """Whether it has an address."""
        plugged = self._plugged[0]
        return self._on is not None and plugged is not None and board.now >= max(self._on, plugged) + _LINK_MS

    def status(self):
        """A code: 5 with an address, 1 without."""
        return 5 if self.isconnected() else 1

    def ifconfig(self, configtuple=None):
        """Address, mask, gateway and name server."""
        if self.isconnected():
            return ("192.168.5.2", "255.255.255.0", "192.168.5.1", "192.168.5.1")
        return ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")


def _take_wifi(which, value, data):
    """An access point on channel `which` comes (value 1) or goes (0); data: name and password, a zero between them."""
    name, _, password = bytes(data).decode().partition("\0")
    if value:
        around[name] = (password, which)
    else:
        around.pop(name, None)
    for interface in _interfaces.values():
        interface.changed()


board.takers[WIFI] = _take_wifi


def _take_cable(which, value, data):
    """A network cable is plugged in (value 1), or pulled."""
    LAN._plugged[0] = board.now if value else None


board.takers[CABLE] = _take_cable

"""What each setting means, in one line: for messages, JSON Schema, forms and documentation."""

from __future__ import annotations

TEXTS = {
    "idle": "Level when nobody is there.",
    "fault": "Level when a sensor, the radio or the clock cannot be trusted; never below the highest presence level.",
    "ramp_up": "Time of the whole way from dark to full; shorter ways take their part of it.",
    "ramp_down": "Time of the whole way from full to dark; shorter ways take their part of it.",
    "reaction": "Time from somebody passing to the frame at the neighbours, by which the light is led.",
    "frame_max": "How long the word of a neighbour may keep the light up, unless it is renewed.",
    "linger_once": "What `linger` is at most where only one post has seen somebody, and only once: it may have been nobody.",
    "level": "Presence level: the light for somebody of this class.",
    "ahead": "Least distance lit ahead.",
    "preview": "Time lit ahead: with the speed, it makes the distance ahead of who is fast.",
    "behind": "Distance lit behind.",
    "hold": "How long the light stays after somebody has gone on or out of reach.",
    "linger": "How long the light stays for somebody who stopped between two posts.",
    "coast_lamps": "How many posts the light goes on when sensors miss somebody.",
    "slowest": "Slowest speed that is expected, while it is not known.",
    "fastest": "Fastest speed that is expected, while it is not known.",
}

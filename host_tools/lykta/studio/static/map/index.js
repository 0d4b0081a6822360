// The parts of the studio's maps: see README.md of the folder above.

export { Replay } from "./replay.js";
export { drawLive, Live } from "./live.js";
export { Move } from "./move.js";
export { drawNight } from "./night.js";
export { Street } from "./street.js";
export { View } from "./view.js";

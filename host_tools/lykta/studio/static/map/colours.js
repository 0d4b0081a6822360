// Colours of the maps, by look. Zones: after Okabe and Ito, told apart with every kind of colour vision.

const ZONES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b07d00", "#3a9bd6", "#7a5195", "#5a5a5a"];
const ZONES_DARK = ["#4ea8e0", "#ff8a3d", "#2fc79a", "#e79bc6", "#f0c94a", "#8fd0ff", "#b48ad6", "#b8b8b8"];

export const LIGHT = {
  ground: "#f4f5f2", ink: "#1f2429", soft: "#5f6873", halo: "rgba(244,245,242,0.9)", rim: "#ffffff",
  ways: ["#cfe3d2", "#e9dfcc", "#d6d9de", "#c8ccd3"], centre: "#8d949d", guessed: "#b4530a",
  sense: "rgba(0,114,178,0.13)", senseLine: "rgba(0,114,178,0.5)", radar: "rgba(120,60,160,0.14)", radarLine: "rgba(120,60,160,0.55)",
  still: "#9aa1aa", entrance: "#00795a", chosen: "#111418", chosenRing: "#ffb000", zones: ZONES,
};
export const DARK = {
  ground: "#14181d", ink: "#e8ebee", soft: "#9aa4af", halo: "rgba(20,24,29,0.85)", rim: "#14181d",
  ways: ["#24382c", "#3a3427", "#2d3239", "#3a4048"], centre: "#6a727c", guessed: "#ffab66",
  sense: "rgba(90,180,240,0.13)", senseLine: "rgba(110,190,240,0.5)", radar: "rgba(190,140,230,0.16)", radarLine: "rgba(200,150,240,0.6)",
  still: "#6c747e", entrance: "#3ddcae", chosen: "#ffffff", chosenRing: "#ffb000", zones: ZONES_DARK,
};

/** Whether the page has its dark look now. */
export function isDark() {
  return document.body.classList.contains("body--dark");
}

/** Calls `told` when the look of the page changes; returns how to stop. */
export function onLook(told) {
  const watcher = new MutationObserver(told);
  watcher.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  return () => watcher.disconnect();
}

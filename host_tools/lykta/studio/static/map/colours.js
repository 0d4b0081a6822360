// Colours of the maps, by look; those of the zones come with the street, since the legend has them too.

export const LIGHT = {
  ground: "#f4f5f2", ink: "#1f2429", soft: "#5f6873", halo: "rgba(244,245,242,0.9)", rim: "#ffffff",
  ways: ["#cfe3d2", "#e9dfcc", "#d6d9de", "#c8ccd3"], centre: "#8d949d", guessed: "#b4530a",
  sense: "rgba(0,114,178,0.13)", senseLine: "rgba(0,114,178,0.5)", radar: "rgba(120,60,160,0.14)", radarLine: "rgba(120,60,160,0.55)",
  still: "#9aa1aa", entrance: "#00795a", chosen: "#111418", chosenRing: "#ffb000", name: "light",
};
export const DARK = {
  ground: "#14181d", ink: "#e8ebee", soft: "#9aa4af", halo: "rgba(20,24,29,0.85)", rim: "#14181d",
  ways: ["#24382c", "#3a3427", "#2d3239", "#3a4048"], centre: "#6a727c", guessed: "#ffab66",
  sense: "rgba(90,180,240,0.13)", senseLine: "rgba(110,190,240,0.5)", radar: "rgba(190,140,230,0.16)", radarLine: "rgba(200,150,240,0.6)",
  still: "#6c747e", entrance: "#3ddcae", chosen: "#ffffff", chosenRing: "#ffb000", name: "dark",
};

/** Whether the page has its dark look now. */
export function isDark() {
  return document.body.classList.contains("body--dark");
}

// Runs before the first paint, so that a remembered choice does not flash. Nothing else belongs here.
(function () {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("density") === "compact") root.dataset.density = "compact";
  } catch {
    // A browser that keeps nothing follows the system.
  }
})();

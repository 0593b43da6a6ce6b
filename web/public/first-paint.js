// Theme and language before the first paint, so that nothing flashes. A file of its own: the content security policy allows no
// inline script.
(function () {
  var stored = function (key) { try { return localStorage.getItem(key); } catch (e) { return null; } };
  var scheme = stored("kiroku.scheme");
  if (scheme !== "light" && scheme !== "dark") {
    scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  document.documentElement.setAttribute("data-mantine-color-scheme", scheme);
  var lang = stored("kiroku.lang") || navigator.language || "en";
  document.documentElement.lang = lang.slice(0, 2) === "ja" ? "ja" : "en";
})();

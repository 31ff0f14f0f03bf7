// The container that JupyterLab loads (module federation's two functions, written by hand): it keeps
// the shared libraries it is given and gives the plugin. The plugin itself lies in ../lib, which
// servers do not mark as immutable, so that no browser runs an old half beside a new one.
(() => {
  const lib = new URL("../lib/", document.currentScript.src);
  const load = name => import(new URL(name, lib).href);
  let scope;

  const modules = {
    "./extension": async () => {
      const { open } = await load("shared.js");
      await open(scope);
      // Not the namespace object itself: JupyterLab writes on what it gets.
      return { __esModule: true, default: (await load("plugin.js")).default };
    },
    "./style": async () => {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = new URL("style.css", lib).href;
      document.head.append(link);
      return {};
    }
  };

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["jupyter-llmwatch"] = {
    init: given => {
      scope = given;
    },
    get: async name => {
      const module = await modules[name]();
      return () => module;
    }
  };
})();

// JupyterLab's own libraries, as it shares them with extensions. What imports from here is loaded
// after `open` has ended, so that the names are filled.

export let apputils, application, consoles, lumino, notebook, ui;

export async function open(scope) {
  const take = name => load(scope[name] ?? {});
  [apputils, application, consoles, lumino, notebook, ui] = await Promise.all([
    take("@jupyterlab/apputils"),
    take("@jupyterlab/application"),
    take("@jupyterlab/console"),
    take("@lumino/widgets"),
    take("@jupyterlab/notebook"),
    take("@jupyterlab/ui-components")
  ]);
}

// Each is there once (a token is known by its identity): the one in use, else the newest.
async function load(versions) {
  const names = Object.keys(versions).sort(byNumber);
  const name = names.findLast(name => versions[name].loaded) ?? names.at(-1);
  const make = await versions[name].get();
  return make();
}

const byNumber = (a, b) => a.localeCompare(b, "en", { numeric: true });

import pluggy

spec = pluggy.HookspecMarker("demo")
impl = pluggy.HookimplMarker("demo")


class Spec:
    @spec
    def name(self):
        """The name of the plugin."""


class Noop:
    @impl
    def name(self):
        return "noop"


class Colour:
    @impl
    def name(self):
        return "colour"


manager = pluggy.PluginManager("demo")
manager.add_hookspecs(Spec)
manager.register(Noop())
manager.register(Colour())
print("plugins:", ", ".join(manager.hook.name()))

from configobj import ConfigObj

conf = ConfigObj("conf.ini")
web = conf["web"]
print(f"port={web.as_int('port')} debug={web.as_bool('debug')}")

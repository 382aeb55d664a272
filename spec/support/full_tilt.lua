--- busted helper: the collector never rests, so that an object which nothing holds is gone at once.
collectgarbage("setpause", 0)
collectgarbage("setstepmul", 1000)

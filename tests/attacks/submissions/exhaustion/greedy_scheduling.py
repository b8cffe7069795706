# why = "real-time scheduling, all processors, better priority, locked memory, timers, file locks"
# lost = ["answer"]
# prints = "GOT []"
# %% answer
import os
import resource

got = []
for policy in (os.SCHED_FIFO, os.SCHED_RR):
    try:
        os.sched_setscheduler(0, policy, os.sched_param(50))
        got.append(policy)
    except OSError:
        pass
try:
    os.nice(-20)
    got.append("nice")
except OSError:
    pass
for what in (resource.RLIMIT_RTPRIO, resource.RLIMIT_NICE):
    if resource.getrlimit(what)[1] != 0:
        got.append(what)
try:
    os.write(os.open("/proc/self/oom_score_adj", os.O_WRONLY), b"-1000")
    got.append("never killed for memory")
except OSError:
    pass
if int(open("/proc/self/oom_score_adj").read()) <= 0:
    got.append("oom_score_adj")
print("GOT", got)

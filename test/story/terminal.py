"""Runs a program on a terminal of its own: terminal.py STEPS PROGRAM ARG...

STEPS is JSON, [[words, keys or the name of a signal, or "hangup"], ...]: each is done when its words are shown.
Prints JSON: the exit code, all that was shown, and whether the terminal is as it was.
"""
import fcntl, json, os, pty, select, signal, struct, sys, termios, time

steps = json.loads(sys.argv[1])
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 50, 200, 0, 0))
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.close(master)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.execvp(sys.argv[2], sys.argv[2:])

shown, since, hung, status = b'', 0, False, None
end = time.time() + 60
while status is None and time.time() < end:
    if not hung and select.select([master], [], [], 0.1)[0]:
        shown += os.read(master, 65536)
    if hung:
        time.sleep(0.1)
    if steps and steps[0][0].encode() in shown[since:]:
        since = shown.index(steps[0][0].encode(), since) + len(steps[0][0])
        action = steps.pop(0)[1]
        time.sleep(0.3)
        if action == 'hangup':
            hung = True
            os.close(slave)
            os.close(master)
        elif action.startswith('SIG'):
            os.kill(pid, getattr(signal, action))
        else:
            os.write(master, action.encode())
    done, what = os.waitpid(pid, os.WNOHANG)
    if done:
        status = what
if status is None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
while not hung and select.select([master], [], [], 0.2)[0]:
    shown += os.read(master, 65536)
print(json.dumps({
    'code': None if status is None else os.waitstatus_to_exitcode(status),
    'shown': shown.decode('utf8', 'replace'),
    'restored': hung or (termios.tcgetattr(slave) == before and shown.rfind(b'\x1b[?25h') >= shown.rfind(b'\x1b[?25l')),
}))

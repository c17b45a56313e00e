// Package agentid gets short-lived tokens on behalf of the user who asked. Written by agent-id; standard library only.
//
// It runs `agent-id token` (another command: AGENT_ID_COMMAND) and keeps the answer in memory until 30 seconds before
// it ends.
package agentid

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"
)

const (
	timeout    = 30 * time.Second
	margin     = 30 * time.Second
	maxEntries = 1000
)

// Error says why there is no token (Code), and what to do next (Hint).
type Error struct {
	Code    string
	Message string
	Hint    string
}

func (e *Error) Error() string {
	return strings.TrimSpace("agent-id: " + e.Message + " " + e.Hint)
}

// Authorization gives "Bearer ..." for one resource. The bearer token of r, the request being handled, decides for whom
// the agent acts; without r, it is the user who signed in on this machine with `agent-id login`.
func Authorization(r *http.Request, agent, resource string, scopes ...string) (string, error) {
	if r == nil {
		return get(context.Background(), question{agent: agent, resource: resource, scopes: scopes})
	}
	subject, err := subjectOf(r)
	if err != nil {
		return "", err
	}
	return get(r.Context(), question{agent: agent, resource: resource, scopes: scopes, subject: subject})
}

// SetAuthorization sets the Authorization header of req for the user of r. See Authorization.
func SetAuthorization(req, r *http.Request, agent, resource string, scopes ...string) error {
	header, err := Authorization(r, agent, resource, scopes...)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", header)
	return nil
}

// AuthorizationAsItself gives "Bearer ..." for the agent alone, without a user: explicit, and audited as such.
func AuthorizationAsItself(ctx context.Context, agent, resource string, scopes ...string) (string, error) {
	return get(ctx, question{agent: agent, resource: resource, scopes: scopes, asItself: true})
}

// SetAuthorizationAsItself sets the Authorization header of req for the agent alone. See AuthorizationAsItself.
func SetAuthorizationAsItself(req *http.Request, agent, resource string, scopes ...string) error {
	header, err := AuthorizationAsItself(req.Context(), agent, resource, scopes...)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", header)
	return nil
}

// Client gives a client for SDKs that take one: each request carries a token for the user who signed in on this machine.
// It follows no redirect to another place, which must not see the token.
func Client(agent, resource string, scopes ...string) *http.Client {
	return clientOf(func(req *http.Request) error {
		header, err := get(req.Context(), question{agent: agent, resource: resource, scopes: scopes})
		if err == nil {
			req.Header.Set("Authorization", header)
		}
		return err
	})
}

// ClientAsItself gives a client whose requests are those of the agent alone. See Client.
func ClientAsItself(agent, resource string, scopes ...string) *http.Client {
	return clientOf(func(req *http.Request) error {
		return SetAuthorizationAsItself(req, agent, resource, scopes...)
	})
}

func clientOf(authorize roundTripper) *http.Client {
	return &http.Client{
		Transport: authorize,
		Timeout:   2 * timeout,
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if first := via[0].URL; len(via) >= 10 || req.URL.Host != first.Host || req.URL.Scheme != first.Scheme {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
}

// roundTripper sets the header of a copy: a transport may not change what it is given.
type roundTripper func(*http.Request) error

func (authorize roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	own := req.Clone(req.Context())
	if err := authorize(own); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(own)
}

type question struct {
	agent, resource string
	scopes          []string
	subject         string
	asItself        bool
}

type answer struct {
	header string
	ends   time.Time
	err    error
}

// flight is one question being asked; done is closed when its answer is there.
type flight struct {
	done   chan struct{}
	answer answer
}

var (
	mutex   sync.Mutex
	cache   = map[string]answer{}
	flights = map[string]*flight{}
)

func get(ctx context.Context, q question) (string, error) {
	key := q.key()
	mutex.Lock()
	if found, ok := cache[key]; ok && time.Now().Before(found.ends) {
		mutex.Unlock()
		return found.header, nil
	}
	current, flying := flights[key]
	if !flying {
		current = &flight{done: make(chan struct{})}
		flights[key] = current
		// Others may wait for it: it does not end with the request that began it.
		go fly(key, q, current)
	}
	mutex.Unlock()
	select {
	case <-current.done:
		return current.answer.header, current.answer.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func fly(key string, q question, current *flight) {
	found := ask(q)
	mutex.Lock()
	defer mutex.Unlock()
	current.answer = found
	delete(flights, key)
	if found.err == nil {
		remember(key, found)
	}
	close(current.done)
}

func remember(key string, found answer) {
	now := time.Now()
	for old, kept := range cache {
		if len(cache) >= maxEntries || !now.Before(kept.ends) {
			delete(cache, old)
		}
	}
	cache[key] = found
}

func (q question) key() string {
	scopes := append([]string(nil), q.scopes...)
	sort.Strings(scopes)
	who := "session"
	if q.asItself {
		who = "itself"
	} else if q.subject != "" {
		sum := sha256.Sum256([]byte(q.subject))
		who = string(sum[:])
	}
	return strings.Join([]string{q.agent, q.resource, strings.Join(scopes, " "), who}, "\x00")
}

var bearer = regexp.MustCompile(`^(?i:Bearer) +([A-Za-z0-9._~+/-]+=*) *$`)

func subjectOf(r *http.Request) (string, error) {
	match := bearer.FindStringSubmatch(r.Header.Get("Authorization"))
	if match == nil {
		return "", &Error{
			Code:    "not-signed-in",
			Message: "the request carries no bearer token of a user.",
			Hint:    "The caller must send Authorization: Bearer with the user's token.",
		}
	}
	return match[1], nil
}

func ask(q question) answer {
	asked := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	command := command()
	child := exec.CommandContext(ctx, command[0], append(command[1:], q.arguments()...)...)
	var stdout, stderr bytes.Buffer
	child.Dir = folder()
	child.Stdin = strings.NewReader(q.subject)
	child.Stdout, child.Stderr = &stdout, &stderr
	child.WaitDelay = time.Second
	if err := child.Run(); err != nil {
		return answer{err: toError(ctx, err, stdout.Bytes(), stderr.String())}
	}
	var token struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	if json.Unmarshal(stdout.Bytes(), &token) != nil || token.AccessToken == "" {
		return answer{err: &Error{"internal", "the command answered without a token.", "Is it of the same version as this file?"}}
	}
	lifetime := time.Duration(token.ExpiresIn * float64(time.Second))
	return answer{header: "Bearer " + token.AccessToken, ends: asked.Add(lifetime - margin)}
}

// command names the program that is asked: where it is not installed, helper.mjs beside this source.
func command() []string {
	if named := strings.Fields(os.Getenv("AGENT_ID_COMMAND")); len(named) > 0 {
		return named
	}
	if _, err := exec.LookPath("agent-id"); err != nil {
		if _, source, _, ok := runtime.Caller(0); ok {
			beside := filepath.Join(filepath.Dir(source), "helper.mjs")
			if _, err := os.Stat(beside); err == nil {
				return []string{"node", beside}
			}
		}
	}
	return []string{"agent-id"}
}

func (q question) arguments() []string {
	arguments := []string{"token", "--agent", q.agent, "--resource", q.resource, "--format", "json"}
	for _, scope := range q.scopes {
		arguments = append(arguments, "--scope", scope)
	}
	if q.asItself {
		return append(arguments, "--as-agent")
	}
	if q.subject != "" {
		return append(arguments, "--subject-file", "-")
	}
	return arguments
}

var errorLine = regexp.MustCompile(`(?m)^error\[([a-z-]+)\]: (.*)$`)

func toError(ctx context.Context, err error, stdout []byte, stderr string) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return &Error{"internal", "the command agent-id is not there.", "Install it, or set AGENT_ID_COMMAND."}
	}
	if ctx.Err() != nil {
		return &Error{"idp-unreachable", "no answer in " + timeout.String() + ".", "Try again later."}
	}
	var body struct {
		Error struct{ Code, Message, Hint string }
	}
	if json.Unmarshal(stdout, &body) == nil && body.Error.Code != "" {
		return &Error{body.Error.Code, body.Error.Message, body.Error.Hint}
	}
	if match := errorLine.FindStringSubmatch(stderr); match != nil {
		return &Error{match[1], match[2], ""}
	}
	return &Error{"internal", "the command failed: " + err.Error(), ""}
}

// folder finds the one below which the lock file lies: that of this source, of the program, or the working one.
func folder() string {
	var starts []string
	if _, source, _, ok := runtime.Caller(0); ok {
		starts = append(starts, filepath.Dir(source))
	}
	if program, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(program))
	}
	for _, start := range starts {
		for at := start; filepath.IsAbs(at); at = filepath.Dir(at) {
			if _, err := os.Stat(filepath.Join(at, "agent-id.lock.json")); err == nil {
				return at
			}
			if filepath.Dir(at) == at {
				break
			}
		}
	}
	return ""
}

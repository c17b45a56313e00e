// Package agentid gets short-lived tokens on behalf of the user who asked. Written by agent-id; standard library only.
//
// It keeps a token in memory until 30 seconds before it ends. Where this machine's key is an ES256 file and the provider
// speaks the standards, it exchanges here. Else it runs `agent-id token` (another command: AGENT_ID_COMMAND; not
// installed: helper.mjs beside this file).
package agentid

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"
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
	who := "session"
	if q.asItself {
		who = "itself"
	} else if q.subject != "" {
		sum := sha256.Sum256([]byte(q.subject))
		who = string(sum[:])
	}
	return strings.Join([]string{q.agent, q.resource, strings.Join(q.distinct(), " "), who}, "\x00")
}

// distinct gives the scopes in order, each once.
func (q question) distinct() []string {
	scopes := []string{}
	for _, scope := range q.scopes {
		at := sort.SearchStrings(scopes, scope)
		if at == len(scopes) || scopes[at] != scope {
			scopes = append(scopes[:at], append([]string{scope}, scopes[at:]...)...)
		}
	}
	return scopes
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
	if q.asItself || q.subject != "" {
		own, err := openNative(q)
		if err != nil {
			return answer{err: err}
		}
		if own != nil {
			return own.answer(q)
		}
	}
	return askCommand(q)
}

func askCommand(q question) answer {
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
		return &Error{"internal", "the command agent-id is not there.", "Install it or set AGENT_ID_COMMAND; or keep the agent's key in a file."}
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
	if working, err := os.Getwd(); err == nil {
		starts = append(starts, working)
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

// Exchanging without another program. What it asks, refuses and writes down is what `agent-id token` does.

const (
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessToken   = "urn:ietf:params:oauth:token-type:access_token"
	jwtAssertion  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	longestWait   = 5 * time.Second
)

// object is JSON as it was read. A module may be of an older Go than the word any.
type object = map[string]interface{}

// resource is one of the trust file or of the lock file.
type resource struct {
	Key, URI, DisplayName            string
	AuthorizationServer, TokenIssuer string
	MaxTTLSeconds                    float64
	DPoP, AgentOnly                  bool
}

type lockedAgent struct {
	DisplayName, Issuer, ClientID string
	Resources                     []resource
}

type trusted struct {
	SchemaVersion int
	Type, Issuer  string
	Resources     []resource
}

// native holds what an exchange needs.
type native struct {
	id, home   string
	locked     lockedAgent
	trust      trusted
	resource   resource
	maxSeconds float64
	key        *ecdsa.PrivateKey
	kid        string
}

var agentID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// openNative gives nil where it is the command's: another store, provider or platform, or no key.
func openNative(q question) (*native, error) {
	// Windows has no owner or mode to check: there the command does it.
	if os.Getenv("AGENT_ID_COMMAND") != "" || runtime.GOOS == "windows" || !agentID.MatchString(q.agent) {
		return nil, nil
	}
	home, err := stateFolder()
	if err != nil {
		return nil, err
	}
	n := &native{id: q.agent, home: home}
	if n.key, n.kid, err = readKey(filepath.Join(home, "keys", q.agent+".json")); n.key == nil || err != nil {
		return nil, err
	}
	if n.locked, err = readLocked(q.agent); err != nil {
		return nil, err
	}
	if n.trust, err = readTrust(home, n.locked); err != nil {
		return nil, err
	}
	if n.trust.Type != "embedded" && n.trust.Type != "oidc" && n.trust.Type != "keycloak" {
		return nil, nil
	}
	return n.of(q.resource)
}

// of chooses the resource; nil where its tokens are the command's.
func (n *native) of(name string) (*native, error) {
	found := false
	for _, one := range n.trust.Resources {
		if one.Key == name || one.URI == name {
			n.resource, found = one, true
			break
		}
	}
	n.maxSeconds = math.Min(n.resource.MaxTTLSeconds, 300)
	for _, one := range n.locked.Resources {
		if found && one.Key == n.resource.Key {
			found = one.URI == n.resource.URI
			if one.MaxTTLSeconds > 0 {
				n.maxSeconds = math.Min(n.resource.MaxTTLSeconds, one.MaxTTLSeconds)
			}
			if one.TokenIssuer != "" {
				return nil, &Error{"untrusted-issuer", "the lock file names a token issuer that is not trusted.", ""}
			}
			break
		}
	}
	if !found {
		return nil, &Error{"untrusted-resource", "the trust has no such resource at this address.", ""}
	}
	if n.resource.DPoP || n.resource.AgentOnly || n.resource.AuthorizationServer != "" {
		return nil, nil
	}
	return n, nil
}

func stateFolder() (string, error) {
	folder, set := os.LookupEnv("AGENT_ID_HOME")
	if !set {
		home := os.Getenv("HOME")
		if home == "" {
			if who, err := user.Current(); err == nil {
				home = who.HomeDir
			}
		}
		if folder = os.Getenv("XDG_STATE_HOME"); folder == "" {
			folder = filepath.Join(home, ".local", "state")
		}
		if runtime.GOOS == "darwin" {
			folder = filepath.Join(home, "Library", "Application Support")
		}
		folder = filepath.Join(folder, "agent-id")
	}
	if !filepath.IsAbs(folder) {
		return "", &Error{"no-home", "there is no folder for state.", "Set AGENT_ID_HOME to an absolute path."}
	}
	return folder, nil
}

// readKey gives no key where another store holds it, or none is there. No error quotes the file.
func readKey(path string) (*ecdsa.PrivateKey, string, error) {
	text, err := readOwn(path)
	if text == nil || err != nil {
		return nil, "", err
	}
	var jwk struct {
		Crv, D, X, Y string
		Store        interface{}
	}
	parsed := json.Unmarshal(text, &jwk) == nil
	if parsed && (jwk.Store != nil || jwk.Crv != "" && jwk.Crv != "P-256") {
		return nil, "", nil
	}
	// RFC 5915: an ECPrivateKey on P-256.
	d, x, y := unbase64(jwk.D), unbase64(jwk.X), unbase64(jwk.Y)
	der := append([]byte("\x30\x77\x02\x01\x01\x04\x20"), d...)
	der = append(der, "\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\xa1\x44\x03\x42\x00"...)
	point := append(append([]byte{4}, x...), y...)
	if parsed && jwk.Crv != "" && len(d) == 32 && len(x) == 32 && len(y) == 32 {
		if key, err := x509.ParseECPrivateKey(append(der, point...)); err == nil {
			if public, err := key.PublicKey.ECDH(); err == nil && bytes.Equal(public.Bytes(), point) {
				thumbprint := sha256.Sum256(canonical(object{"crv": "P-256", "kty": "EC", "x": jwk.X, "y": jwk.Y}))
				return key, toBase64(thumbprint[:]), nil
			}
		}
	}
	return nil, "", &Error{"malformed", "the key file " + path + " holds no key.", "Run: agent-id agents enroll."}
}

// readOwn reads a file that only this user may read; nil where there is none.
func readOwn(path string) ([]byte, error) {
	named, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !named.Mode().IsRegular() {
		return nil, &Error{"unreadable", "cannot read the key file " + path + ".", ""}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, &Error{"unreadable", "cannot read the key file " + path + ".", ""}
	}
	defer file.Close()
	found, err := file.Stat()
	if err != nil || !os.SameFile(named, found) || found.Mode().Perm()&0o077 != 0 || ownerOf(found) != os.Getuid() {
		return nil, &Error{"unreadable", "the key file " + path + " is open to others or not yours.", "chmod 600 it."}
	}
	return io.ReadAll(file)
}

// ownerOf looks by name: the type that holds it is not there on every platform for which this file is compiled.
func ownerOf(info os.FileInfo) int {
	if sys := reflect.Indirect(reflect.ValueOf(info.Sys())); sys.Kind() == reflect.Struct {
		if uid := sys.FieldByName("Uid"); uid.IsValid() && uid.CanUint() {
			return int(uid.Uint())
		}
	}
	return -1
}

func readLocked(agent string) (lockedAgent, error) {
	at := folder()
	text, err := os.ReadFile(filepath.Join(at, "agent-id.lock.json"))
	if at == "" || err != nil {
		return lockedAgent{}, &Error{"unknown-name", "there is no agent-id.lock.json above this source, the program, or here.", ""}
	}
	var lock struct {
		SchemaVersion int
		Agents        map[string]lockedAgent
	}
	if json.Unmarshal(text, &lock) != nil || lock.SchemaVersion != 1 || lock.Agents == nil {
		return lockedAgent{}, &Error{"malformed", "agent-id.lock.json is malformed, or of a newer version.", "Restore it from git."}
	}
	found, there := lock.Agents[agent]
	if !there {
		return found, &Error{"unknown-name", "the lock file has no agent " + agent + ".", ""}
	}
	return found, nil
}

// readTrust gives what this user trusts; in a job without state the issuer that AGENT_ID_ISSUER names.
func readTrust(home string, locked lockedAgent) (trusted, error) {
	at := filepath.Join(home, "idp")
	entries, err := os.ReadDir(at)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return trusted{}, &Error{"unreadable", "cannot read the folder " + at + ".", ""}
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".json") || strings.HasPrefix(name, ".") {
			continue
		}
		var found trusted
		text, err := os.ReadFile(filepath.Join(at, name))
		if err != nil {
			return found, &Error{"unreadable", "cannot read the trust file " + name + ".", ""}
		}
		if json.Unmarshal(text, &found) != nil || found.SchemaVersion != 1 || found.Type == "" || found.Issuer == "" || found.Resources == nil {
			return found, &Error{
				"malformed", "the trust file " + name + " is malformed, or of a newer version.",
				"Upgrade agent-id, or add the provider again: agent-id idp add.",
			}
		}
		if found.Issuer == locked.Issuer {
			return found, assertSecure(found.Issuer)
		}
	}
	if locked.Issuer == "" || os.Getenv("AGENT_ID_ISSUER") != locked.Issuer {
		return trusted{}, &Error{"untrusted-issuer", "this issuer is not trusted here.", "Nothing was sent to it."}
	}
	named := trusted{Type: "oidc", Issuer: locked.Issuer}
	for _, one := range locked.Resources {
		named.Resources = append(named.Resources, resource{Key: one.Key, URI: one.URI, MaxTTLSeconds: math.Min(one.MaxTTLSeconds, 300)})
	}
	return named, assertSecure(named.Issuer)
}

func assertSecure(address string) error {
	parsed, err := url.Parse(address)
	if err == nil && parsed.User == nil && parsed.Host != "" {
		host := parsed.Hostname()
		local := host == "127.0.0.1" || host == "::1" || host == "localhost"
		if parsed.Scheme == "https" || parsed.Scheme == "http" && local {
			return nil
		}
	}
	return &Error{"untrusted-issuer", "an address must begin with https, or be of this machine.", ""}
}

// answer exchanges; no token is given without an entry in the audit log.
func (n *native) answer(q question) answer {
	scopes := q.distinct()
	found, jti, err := n.exchange(scopes, q.subject)
	result, reason := "ok", interface{}(nil)
	var known *Error
	if errors.As(err, &known) {
		result, reason = "failed", known.Code
		if known.Code == "denied" {
			result = "denied"
		}
	}
	if failed := n.audit(scopes, q.subject, object{"result": result, "reason": reason, "jti": jti}); failed != nil {
		return answer{err: failed}
	}
	found.err = err
	return found
}

func (n *native) exchange(scopes []string, subject string) (answer, interface{}, error) {
	started := time.Now()
	now := float64(started.UnixNano()) / 1e9
	userEnds, limited := claimsOf(subject)["exp"].(float64)
	if limited && userEnds <= now {
		return answer{}, nil, &Error{"subject-expired", "the user's own token has expired.", ""}
	}
	endpoint, err := tokenEndpoint(n.trust.Issuer)
	if err != nil {
		return answer{}, nil, err
	}
	found, err := patiently(func() (response, error) {
		form, err := n.form(endpoint, scopes, subject)
		if err != nil {
			return response{}, err
		}
		return send(endpoint, form)
	})
	if err == nil && found.status != http.StatusOK {
		err = refusal(found)
	}
	if err != nil {
		return answer{}, nil, err
	}
	ends, jti, err := n.judge(found.body, scopes, subject, now)
	if err != nil {
		return answer{}, nil, err
	}
	if limited {
		ends = math.Min(ends, userEnds)
	}
	lifetime := time.Duration(math.Max(0, ends-now) * float64(time.Second))
	header := "Bearer " + found.body["access_token"].(string)
	return answer{header: header, ends: started.Add(lifetime - margin)}, jti, nil
}

var errorName = regexp.MustCompile(`^[a-z_]{1,40}$`)

func refusal(found response) error {
	name, _ := found.body["error"].(string)
	if !errorName.MatchString(name) {
		name = strconv.Itoa(found.status)
	}
	switch found.status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return &Error{
			"denied", "the identity provider refused: " + name + ".",
			"Ask its administrator: the agent may be revoked, or may not have these scopes for this user.",
		}
	}
	return &Error{"idp-refused", "the identity provider answers " + name + ".", ""}
}

func (n *native) form(endpoint string, scopes []string, subject string) (url.Values, error) {
	assertion, err := n.assertion(endpoint)
	form := url.Values{
		"resource":              {n.resource.URI},
		"client_assertion_type": {jwtAssertion},
		"client_assertion":      {assertion},
	}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	if subject == "" {
		form.Set("grant_type", "client_credentials")
		return form, err
	}
	form.Set("grant_type", exchangeGrant)
	form.Set("subject_token", subject)
	form.Set("subject_token_type", accessToken)
	form.Set("requested_token_type", accessToken)
	return form, err
}

// assertion is the agent's proof for one request. RFC 7523.
func (n *native) assertion(audience string) (string, error) {
	now, id := time.Now().Unix(), make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return "", err
	}
	client := n.locked.ClientID
	claims := object{"iss": client, "sub": client, "aud": audience, "jti": toBase64(id), "iat": now, "exp": now + 60}
	header := object{"alg": "ES256", "typ": "JWT", "kid": n.kid}
	text := toBase64(canonical(header)) + "." + toBase64(canonical(claims))
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, n.key, digest[:])
	if err != nil {
		return "", &Error{"internal", "cannot sign with the agent's key.", "Make another: agent-id agents enroll."}
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + toBase64(signature), nil
}

var usableToken = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]+$`)

// judge accepts an answer only if it is what was asked for. It gives when the token ends, and its id.
func (n *native) judge(body object, scopes []string, subject string, now float64) (float64, interface{}, error) {
	why := ""
	need := func(holds bool, what string) {
		if !holds && why == "" {
			why = what
		}
	}
	token, _ := body["access_token"].(string)
	need(usableToken.MatchString(token), "no usable access token")
	issued, named := body["issued_token_type"]
	need(issued == accessToken || !named && subject == "", "not an access token")
	kind, _ := body["token_type"].(string)
	need(strings.EqualFold(kind, "bearer"), "not a bearer token")
	claims := claimsOf(token)
	need(within(scopes, body, "scope") && within(scopes, claims, "scope", "scp"), "wider than asked")

	tooLong := fmt.Sprintf("it lives longer than %v seconds", n.maxSeconds)
	lifetime, limited := body["expires_in"].(float64)
	exp, ending := claims["exp"].(float64)
	iat, dated := claims["iat"].(float64)
	need(limited || ending, "it does not say how long it lives")
	need(!limited || lifetime <= n.maxSeconds, tooLong)
	need(!ending || !dated || exp-iat <= n.maxSeconds, tooLong)
	need(!ending || exp-now <= n.maxSeconds+60, tooLong)
	need(!ending || exp > now, "it has expired already")

	if claims != nil {
		need(isFor(claims["aud"], n.resource.URI), "wrong audience")
		issuer, named := claims["iss"]
		need(!named || isSame(issuer, n.trust.Issuer), "wrong issuer")
	}
	if subject != "" {
		act, named := claims["act"]
		actor, _ := act.(object)
		need(actor["sub"] == n.locked.ClientID || !named && n.trust.Type != "embedded", "wrong actor")
		need(claims == nil || n.isUser(claims, claimsOf(subject)), "another user")
	}
	if why != "" {
		return 0, nil, &Error{"unacceptable-token", "the answer is refused: " + why + ".", ""}
	}
	ends := math.Inf(1)
	if limited {
		ends = now + lifetime
	}
	if ending {
		ends = math.Min(ends, exp)
	}
	return ends, textOf(claims["jti"]), nil
}

// within says whether what a token or an answer holds was asked for: the first of these names that is there.
func within(asked []string, said object, names ...string) bool {
	for _, name := range names {
		value, there := said[name]
		if !there {
			continue
		}
		list, isList := value.([]interface{})
		if text, isText := value.(string); isText {
			isList = true
			for _, scope := range strings.Fields(text) {
				list = append(list, scope)
			}
		}
		for _, scope := range list {
			text, _ := scope.(string)
			if at := sort.SearchStrings(asked, text); at == len(asked) || asked[at] != text {
				return false
			}
		}
		return isList
	}
	return true
}

func isFor(audience interface{}, uri string) bool {
	list, several := audience.([]interface{})
	if !several {
		return isSame(audience, uri)
	}
	for _, one := range list {
		if !isSame(one, uri) {
			return false
		}
	}
	return len(list) > 0
}

func isSame(found interface{}, uri string) bool {
	text, isText := found.(string)
	return isText && strings.TrimSuffix(text, "/") == strings.TrimSuffix(uri, "/")
}

// isUser says whether a token is for the user who asked. An opaque token, or one of another issuer, cannot tell.
func (n *native) isUser(found, asked object) bool {
	if issuer, named := asked["iss"]; asked == nil || named && issuer != n.trust.Issuer {
		return true
	}
	name, isText := found["sub"].(string)
	// Halves of a surrogate pair were all read as this one: two such names look alike.
	return isText && asked["sub"] == name && !strings.ContainsRune(name, utf8.RuneError)
}

// claimsOf gives what a JWT says, nil for another kind of token.
func claimsOf(token string) object {
	parts := strings.Split(token, ".")
	var claims object
	if len(parts) != 3 || json.Unmarshal(unbase64(parts[1]), &claims) != nil {
		return nil
	}
	return claims
}

// textOf gives nil for what is no text.
func textOf(value interface{}) interface{} {
	if text, isText := value.(string); isText {
		return text
	}
	return nil
}

func tokenEndpoint(issuer string) (string, error) {
	parsed, err := url.Parse(issuer)
	if err != nil {
		return "", assertSecure(issuer)
	}
	origin, path := parsed.Scheme+"://"+parsed.Host, strings.TrimSuffix(parsed.EscapedPath(), "/")
	for _, place := range []string{"/.well-known/oauth-authorization-server" + path, path + "/.well-known/openid-configuration"} {
		found, err := patiently(func() (response, error) { return send(origin+place, nil) })
		if err != nil {
			return "", err
		}
		if found.status != http.StatusOK {
			continue
		}
		endpoint, named := found.body["token_endpoint"].(string)
		if found.body["issuer"] != issuer || !named {
			return "", &Error{"untrusted-issuer", "the identity provider says that it is another issuer.", ""}
		}
		return endpoint, nil
	}
	return "", &Error{"idp-refused", "the identity provider publishes no metadata.", ""}
}

type response struct {
	status int
	body   object
	after  string
}

// patiently asks again where the provider says that it is busy or out of order: twice at most, and never for long.
func patiently(send func() (response, error)) (response, error) {
	for _, wait := range []time.Duration{300 * time.Millisecond, 1200 * time.Millisecond, 2 * longestWait} {
		found, err := send()
		if err != nil || found.status != http.StatusTooManyRequests && found.status < 500 {
			return found, err
		}
		if seconds, err := strconv.Atoi(found.after); err == nil && time.Duration(seconds)*time.Second > wait {
			wait = time.Duration(seconds) * time.Second
		}
		if wait > longestWait {
			text := fmt.Sprintf("the identity provider answers %d.", found.status)
			return found, &Error{"idp-unreachable", text, "Try again later."}
		}
		time.Sleep(wait)
	}
	return response{}, nil
}

// A redirect would carry the user's token elsewhere.
var provider = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// send posts a form, or reads where there is none.
func send(address string, form url.Values) (response, error) {
	if err := assertSecure(address); err != nil {
		return response{}, err
	}
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	away := &Error{"idp-unreachable", "the identity provider does not answer.", "Try again later."}
	request, err := http.NewRequest(method, address, body)
	if err != nil {
		return response{}, away
	}
	request.Header.Set("Accept", "application/json")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	got, err := provider.Do(request)
	if err != nil {
		return response{}, away
	}
	defer got.Body.Close()
	text, err := io.ReadAll(io.LimitReader(got.Body, 1_000_000))
	if err != nil {
		return response{}, away
	}
	found := response{status: got.StatusCode, after: got.Header.Get("Retry-After")}
	if json.Unmarshal(text, &found.body) != nil {
		found.body = nil
	}
	return found, nil
}

func toBase64(data []byte) string {
	return base64.RawURLEncoding.EncodeToString(data)
}

// unbase64 gives nil for what is none.
func unbase64(text string) []byte {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil
	}
	return data
}

// The audit log: chain of hashes, head under a MAC, lock. The same bytes as `agent-id` writes.

// mark is a place in the log: the last entry's number and hashes, and the log's size after it.
type mark struct {
	Seq, Size  int64
	Prev, Hash string
}

func (m *mark) value() interface{} {
	if m == nil {
		return nil
	}
	return object{"seq": m.Seq, "prev": m.Prev, "hash": m.Hash, "size": m.Size}
}

// auditHead says where the log ends, and what is being written.
type auditHead struct {
	Last  mark
	Next  *mark
	Tears int64
}

var (
	genesis   = strings.Repeat("0", 64)
	auditTurn sync.Mutex
)

// audit adds who asked what to how it ended.
func (n *native) audit(scopes []string, subject string, event object) error {
	name := n.resource.DisplayName
	if name == "" {
		name = n.resource.Key
	}
	event["schemaVersion"], event["action"] = 1, "exchange"
	event["time"] = time.Now().UTC().Format("2006-01-02T15:04:05Z")
	event["agent"] = object{"id": n.id, "displayName": n.locked.DisplayName, "clientId": n.locked.ClientID}
	event["user"], event["asItself"] = textOf(claimsOf(subject)["sub"]), subject == ""
	event["resource"] = object{"uri": n.resource.URI, "displayName": name}
	event["operation"], event["scopes"] = "token exchange", scopes
	if subject == "" {
		event["operation"] = "client credentials"
	}
	folder := os.Getenv("AGENT_ID_AUDIT")
	if folder == "" {
		folder = filepath.Join(n.home, "audit")
	}
	auditTurn.Lock()
	defer auditTurn.Unlock()
	err := writeDown(n.home, folder, event)
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{"unwritable", "the audit log cannot be written: " + err.Error() + ".", "No token is given without an entry."}
}

func writeDown(home, folder string, event object) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	lock := filepath.Join(folder, ".lock")
	if err := take(lock); err != nil {
		return err
	}
	defer os.Remove(lock)
	return appendEntry(home, folder, event)
}

func take(path string) error {
	for until := time.Now().Add(timeout); ; {
		err := create(path, strconv.Itoa(os.Getpid())+"\n")
		if !errors.Is(err, os.ErrExist) {
			return err
		}
		if isStale(path) {
			if err := breakLock(path); err != nil {
				return err
			}
		} else if time.Now().After(until) {
			return &Error{"locked", "another agent-id is at work: " + path + ".", "If none runs, delete it."}
		} else {
			time.Sleep(15 * time.Millisecond)
		}
	}
}

// breakLock moves a stale lock aside before it is deleted: one that another process took meanwhile is put back.
func breakLock(path string) error {
	aside := fmt.Sprintf("%s.%d.stale", path, os.Getpid())
	if err := os.Rename(path, aside); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	if isStale(aside) {
		return os.Remove(aside)
	}
	return os.Rename(aside, path)
}

// isStale tells a lock whose process is gone, or that names none and is old.
func isStale(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	holder, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || holder <= 0 {
		found, err := os.Stat(path)
		return err == nil && time.Since(found.ModTime()) > 30*time.Second
	}
	process, err := os.FindProcess(holder)
	if err == nil {
		err = process.Signal(syscall.Signal(0))
	}
	return err != nil && !errors.Is(err, os.ErrPermission)
}

func appendEntry(home, folder string, event object) error {
	key, err := auditKey(filepath.Join(home, "keys", "audit.key"))
	if err != nil {
		return err
	}
	path, log := filepath.Join(folder, "head.json"), filepath.Join(folder, "log.jsonl")
	size := int64(0)
	if found, err := os.Lstat(log); err == nil {
		if !found.Mode().IsRegular() {
			return broken("is no file")
		}
		size = found.Size()
	}
	head, err := readHead(path, key, size)
	if err != nil {
		return err
	}
	last, err := settle(head, log, size)
	if err != nil {
		return err
	}
	event["seq"], event["prev"] = last.Seq+1, last.Hash
	event["hash"] = hashOf(event)
	line := append(canonical(event), '\n')
	next := mark{last.Seq + 1, last.Size + int64(len(line)), last.Hash, event["hash"].(string)}
	if size > last.Size {
		head.Tears++
	}
	if err := writeHead(path, key, auditHead{last, &next, head.Tears}); err != nil {
		return err
	}
	if err := writeAt(log, last.Size, line); err != nil {
		return err
	}
	return writeHead(path, key, auditHead{next, nil, head.Tears})
}

// settle finds the last entry that is really there: what a crash left half written is not.
func settle(head auditHead, log string, size int64) (mark, error) {
	if head.Next == nil || size < head.Next.Size {
		if size < head.Last.Size {
			return head.Last, broken("was cut, or its last line is torn")
		}
		if head.Next == nil && size > head.Last.Size {
			return head.Last, broken("was extended by somebody else")
		}
		return head.Last, nil
	}
	if size > head.Next.Size {
		return head.Last, broken("was extended by somebody else")
	}
	text, err := os.ReadFile(log)
	if err != nil {
		return head.Last, err
	}
	if int64(len(text)) != head.Next.Size || head.Last.Size < 0 || head.Last.Size > size {
		return head.Last, broken("was altered")
	}
	line := bytes.TrimSuffix(text[head.Last.Size:], []byte("\n"))
	// Members as they were written: the hash says whether they are what was announced.
	var entry map[string]json.RawMessage
	if json.Unmarshal(line, &entry) == nil {
		members := object{}
		for name, raw := range entry {
			members[name] = raw
		}
		if bytes.Equal(canonical(members), line) && string(entry["hash"]) == `"`+head.Next.Hash+`"` && hashOf(members) == head.Next.Hash {
			return *head.Next, nil
		}
	}
	return head.Last, broken("was altered")
}

func auditKey(path string) ([]byte, error) {
	text, err := readOwn(path)
	if err != nil {
		return nil, err
	}
	if text != nil {
		return unbase64(strings.TrimSpace(string(text))), nil
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return key, create(path, toBase64(key)+"\n")
}

func readHead(path string, key []byte, size int64) (auditHead, error) {
	head := auditHead{Last: mark{Prev: genesis, Hash: genesis}}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if size > 0 {
			return head, broken("has lost its head")
		}
		return head, nil
	}
	if err != nil {
		return head, err
	}
	var data object
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	if numbers.Decode(&data) == nil {
		mac, _ := data["mac"].(string)
		delete(data, "mac")
		if hmac.Equal([]byte(mac), []byte(macOf(key, data))) && json.Unmarshal(text, &head) == nil {
			return head, nil
		}
	}
	return head, broken("has a head that this machine did not write")
}

func writeHead(path string, key []byte, head auditHead) error {
	data := object{"schemaVersion": 1, "last": head.Last.value(), "next": head.Next.value(), "tears": head.Tears}
	data["mac"] = macOf(key, data)
	random := make([]byte, 6)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	aside := filepath.Join(filepath.Dir(path), ".head.json."+hex.EncodeToString(random)+".tmp")
	if err := create(aside, string(canonical(data))+"\n"); err != nil {
		return err
	}
	if err := os.Rename(aside, path); err != nil {
		os.Remove(aside)
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// create makes a file of this user alone, on disk before it returns; it replaces and follows nothing.
func create(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}

// writeAt cuts the log at offset and writes there, on disk before it returns.
func writeAt(path string, offset int64, line []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err = file.Truncate(offset); err == nil {
		_, err = file.WriteAt(line, offset)
	}
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

func macOf(key []byte, head object) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("agent-id audit head " + genesis + "\n"))
	mac.Write(canonical(head))
	return hex.EncodeToString(mac.Sum(nil))
}

// hashOf is the hash of an entry without its own.
func hashOf(entry object) string {
	rest := object{}
	for name, value := range entry {
		if name != "hash" {
			rest[name] = value
		}
	}
	sum := sha256.Sum256(canonical(rest))
	return hex.EncodeToString(sum[:])
}

// canonical renders JSON with sorted keys and no white space, in the bytes of Node and Python. RFC 8785.
func canonical(value interface{}) []byte {
	var out bytes.Buffer
	render(&out, value)
	return out.Bytes()
}

func render(out *bytes.Buffer, value interface{}) {
	switch found := value.(type) {
	case object:
		names := make([]string, 0, len(found))
		for name := range found {
			names = append(names, name)
		}
		sort.Strings(names)
		out.WriteByte('{')
		for at, name := range names {
			if at > 0 {
				out.WriteByte(',')
			}
			renderText(out, name)
			out.WriteByte(':')
			render(out, found[name])
		}
		out.WriteByte('}')
	case []string:
		out.WriteByte('[')
		for at, text := range found {
			if at > 0 {
				out.WriteByte(',')
			}
			renderText(out, text)
		}
		out.WriteByte(']')
	case string:
		renderText(out, found)
	case json.RawMessage:
		out.Write(found)
	case nil:
		out.WriteString("null")
	default:
		// Whole numbers and truth values only.
		fmt.Fprint(out, found)
	}
}

var escapes = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

// renderText is encoding/json without what it escapes for HTML and JavaScript.
func renderText(out *bytes.Buffer, text string) {
	out.WriteByte('"')
	for _, char := range text {
		if escape, special := escapes[char]; special {
			out.WriteString(escape)
		} else if char < 0x20 {
			fmt.Fprintf(out, `\u%04x`, char)
		} else {
			out.WriteRune(char)
		}
	}
	out.WriteByte('"')
}

func broken(what string) error {
	return &Error{"audit-broken", "the audit log " + what + ".", "Run: agent-id audit verify."}
}

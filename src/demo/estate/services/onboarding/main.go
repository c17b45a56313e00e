// Command onboarding answers POST /reset?user=ID by resetting the password of one user.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
)

func reset(w http.ResponseWriter, r *http.Request) {
	user := r.URL.Query().Get("user")
	target := fmt.Sprintf("%s/api/v1/users/%s/lifecycle/reset_password?sendEmail=false", os.Getenv("OKTA_ORG_URL"), user)
	req, err := http.NewRequest(http.MethodPost, target, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	req.Header.Set("Authorization", "SSWS "+os.Getenv("OKTA_API_TOKEN"))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		w.WriteHeader(http.StatusBadGateway)
	}
	json.NewEncoder(w).Encode(map[string]any{"reset": user, "status": answer.StatusCode})
}

func main() {
	http.HandleFunc("/reset", reset)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

module acme.example/onboarding

go 1.21

"""The web service: `uvicorn app.main:app`."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from app import api, health

app = FastAPI(title="ERP", version="1.4.0")
app.include_router(health.router)
app.include_router(api.router)

LOGIN = """<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>ERP</title></head>
  <body>
    <h1>ERP</h1>
    <form id="login">
      <label>Email <input name="email" type="email" autocomplete="username" required></label>
      <label>Password <input name="password" type="password" required></label>
      <button>Log in</button>
    </form>
    <script>
      document.getElementById("login").addEventListener("submit", async (event) => {
        event.preventDefault();
        const response = await fetch("/api/v1/auth/login", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(Object.fromEntries(new FormData(event.target))),
        });
        event.target.querySelector("button").textContent = response.ok ? "Welcome" : "Try again";
      });
    </script>
  </body>
</html>
"""


@app.get("/login", response_class=HTMLResponse, include_in_schema=False)
def login() -> str:
    return LOGIN

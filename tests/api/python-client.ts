/** What the Python client 2.x sends with every request: it says `keyCredits` where the API says `credits`. */
export const pythonClient = { 'user-agent': 'speakeasy-sdk/python 2.3.0 2.880.1 2.0.0 unkey.py' };

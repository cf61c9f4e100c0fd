package portalhttp

import "testing"

func TestWantsJSON(t *testing.T) {
	for _, c := range []struct {
		accept []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"application/json"}, true},
		{[]string{"APPLICATION/JSON"}, true},
		{[]string{" application/json ; q=0.5 "}, true},
		{[]string{"application/json;charset=utf-8"}, true},
		{[]string{"application/json;q=1.000"}, true},
		{[]string{"application/*"}, true},
		{[]string{"text/plain", "application/json"}, true},
		// Programs that name JSON and take anything, such as axios.
		{[]string{"application/json, text/plain, */*"}, true},
		{[]string{"application/json, text/*"}, true},
		{[]string{"text/html;q=0.8, application/json;q=0.9"}, true},
		{[]string{"text/html;q=0, */*"}, true},
		{[]string{"text/*;q=0.1, */*;q=0.2"}, true},
		// Browsers, and fetch without headers.
		{[]string{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}, false},
		{[]string{"*/*"}, false},
		{[]string{"text/html"}, false},
		{[]string{"text/html, application/json"}, false},
		{[]string{"application/json, text/html"}, false},
		{[]string{"application/json;q=0.9, text/html"}, false},
		{[]string{"application/json;q=0.5, */*"}, false},
		{[]string{"application/json;q=0"}, false},
		{[]string{"application/json;q=0, */*"}, false},
		{[]string{"application/json;q=0, application/*"}, false},
		// Neither, and nonsense.
		{[]string{"image/png"}, false},
		{[]string{"application/vnd.api+json"}, false},
		{[]string{"*/json"}, false},
		{[]string{"json"}, false},
		{[]string{"application/json;q=2"}, false},
		{[]string{"application/json;q=-1"}, false},
		{[]string{"application/json;q=NaN"}, false},
		{[]string{"application/json;q="}, false},
		{[]string{";;;,,,/;q"}, false},
		{[]string{"application/json;q=x, application/json"}, true},
		// Said twice: the kinder one holds, whichever comes first.
		{[]string{"application/json;q=0.1, application/json;q=0.9, text/html;q=0.5"}, true},
		{[]string{"application/json;q=0.9, application/json;q=0.1, text/html;q=0.5"}, true},
	} {
		if got := wantsJSON(c.accept); got != c.want {
			t.Errorf("wantsJSON(%q) = %v, want %v", c.accept, got, c.want)
		}
	}
}

func FuzzWantsJSON(f *testing.F) {
	f.Add("application/json, text/plain, */*")
	f.Add("text/html;q=0.8,application/json;q=0.9")
	f.Add("application/json;q=NaN")
	f.Fuzz(func(t *testing.T, accept string) {
		for _, kind := range [][2]string{{"application", "json"}, {"text", "html"}} {
			p := preference([]string{accept}, kind[0], kind[1])
			if !(p.weight >= 0 && p.weight <= 1) || p.precise < 0 || p.precise > 3 {
				t.Errorf("preference(%q, %q) = %+v, want a weight of 0 to 1", accept, kind, p)
			}
		}
		if wantsJSON([]string{accept}) && !wantsJSON([]string{accept, accept}) {
			t.Errorf("wantsJSON(%q) is another when it is said twice", accept)
		}
	})
}

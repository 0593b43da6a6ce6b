package exp
import ("testing";"fmt";"os";"time";"encoding/binary";"math/bits";"kiroku/internal/lake/segment";"kiroku/internal/event";"github.com/DataDog/zstd")
func TestX(t *testing.T){
 f,err:=segment.Open(os.Getenv("F")); if err!=nil {t.Fatal(err)}
 r:=segment.NewReader(); g:=f.Groups[0]; if g.Rows<20000 {g=f.Groups[1]}
 fmt.Println("rows",g.Rows)
 rows:=r.Rows(g); var e event.Event
 var raw,msg [][]byte
 for i:=range g.Rows { e.Reset(); rows.Fill(i,[]event.Column{event.ColRawData,event.ColMessage},&e); raw=append(raw,[]byte(e.GetStr(event.ColRawData))); msg=append(msg,[]byte(e.GetStr(event.ColMessage))) }
 z:=zstd.NewCtx()
 for _,set:=range []struct{n string; v [][]byte}{{"raw",raw},{"msg",msg}} {
 for _,pr:=range []int{1024,2048,4096,8192,g.Rows} { for _,lv:=range []int{1,2,3,4,5,6,9} {
  if set.n=="msg" && pr<8192 {continue}
  tot:=0; t0:=time.Now(); in:=0
  for a:=0;a<g.Rows;a+=pr { var b []byte; for _,v:=range set.v[a:min(a+pr,g.Rows)] {b=append(b,v...)}; in+=len(b); c,_:=z.CompressLevel(nil,b,lv); tot+=len(c) }
  fmt.Printf("%s page %d level %d: %.2f B/event %.2f us/event\n",set.n,pr,lv,float64(tot)/float64(g.Rows),float64(time.Since(t0).Microseconds())/float64(g.Rows))
 }}}
 var k,v segment.Lists; r.Lists(g,event.ColUnmapped,&k); r.MapValues(g,event.ColUnmapped,&v)
 fmt.Println("entries/row",float64(len(v.Elems.Codes))/float64(g.Rows),"distinct",v.Elems.Len(),"dict bytes",len(v.Elems.All()), v.Elems.IsDict)
 cnt:=map[string]int{}; for _,c:=range k.Elems.Codes {cnt[k.Elems.At(c)]++}; fmt.Println(cnt)
 w:=bits.Len(uint(v.Elems.Len()))
 fmt.Println("width",w)
 var b16 []byte; for _,c:=range v.Elems.Codes { b16=binary.LittleEndian.AppendUint16(b16,uint16(c)) }
 var txt []byte; var lens []byte; for _,c:=range v.Elems.Codes { s:=v.Elems.At(c); txt=append(txt,s...); lens=append(lens,byte(len(s))) }
 d,_:=z.CompressLevel(nil,v.Elems.All(),1)
 for _,lv:=range []int{1,3,5} { a,_:=z.CompressLevel(nil,b16,lv); b,_:=z.CompressLevel(nil,txt,lv); l,_:=z.CompressLevel(nil,lens,lv); fmt.Printf("lv %d: codes16 %.2f + dict %.2f; text %.2f + lens %.2f (raw %.1f)\n",lv,float64(len(a))/float64(g.Rows),float64(len(d))/float64(g.Rows),float64(len(b))/float64(g.Rows),float64(len(l))/float64(g.Rows),float64(len(txt))/float64(g.Rows)) }
 for i:=0;i<6;i++ { for q:=k.Starts[i];q<k.Starts[i+1];q++ { fmt.Print(k.Elems.At(k.Elems.Codes[q]),"=",v.Elems.At(v.Elems.Codes[q])," ") }; fmt.Println() }
}
